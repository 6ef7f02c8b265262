"""Whether the service can do its work."""

from fastapi import APIRouter
from sqlalchemy import text

from cluster.database import connect
from serve.ingress.models import Shape, example
from serve.ingress.routing import Route
from serve.ingress.services import Using

router = APIRouter(prefix="/v1/health", tags=["service"], route_class=Route)


class Health(Shape):
    """It answers, and so does its database."""

    status: str
    model_config = example(status="ok")


@router.get("")
def health(using: Using) -> Health:
    """200 when the ingress and its database answer; 503 tells what does not."""
    with connect(using.pool) as tx:
        tx.execute(text("SELECT 1"))
    return Health(status="ok")
