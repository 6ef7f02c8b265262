"""Sending files in: have an address signed, post the file there, make a video of it (`POST /v1/videos`)."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field
from starlette.datastructures import UploadFile

from cluster import keys, quotas, tracing, uploads
from cluster.database import transact
from cluster.objects import S3Objects
from cluster.uploads import TYPES
from dancecore.errors import DanceError
from serve.ingress.models import Shape, example
from serve.ingress.routing import Route
from serve.ingress.services import Me, Services, Using

router = APIRouter(prefix="/v1/uploads", tags=["videos"], route_class=Route)

SHA256 = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"


class File(Shape):
    """What is about to be sent."""

    filename: Annotated[str, Field(min_length=1, max_length=255)]
    content_type: Annotated[str, Field(json_schema_extra={"enum": list(TYPES)})]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    model_config = example(filename="party.mp4", content_type="video/mp4", sha256=SHA256)


class SignedUpload(Shape):
    """Post `fields`, then the file in a field `file`, as multipart/form-data, to `url` before `expires_at`."""

    upload_id: str
    url: str
    fields: dict[str, str]
    expires_at: datetime
    model_config = example(
        upload_id="upl_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A",
        url="http://127.0.0.1:8000/v1/uploads/upl_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A/content?signature=c2VjcmV0",
        fields={"Content-Type": "video/mp4"}, expires_at="2026-06-30T13:00:00Z",
    )  # fmt: skip


FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "Content-Type": {"type": "string"},
                        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
                    },
                    "required": ["file"],
                }
            }
        },
    }
}


@router.post("/sign")
def sign(file: File, user: Me, using: Using, request: Request) -> SignedUpload:
    """Have an address signed to which the file can be posted, by whoever has it, for an hour."""
    if file.content_type not in TYPES:
        raise DanceError("INVALID_INPUT", f"{file.content_type!r} is not one of {', '.join(TYPES)}")
    now = datetime.now(UTC)
    most = using.settings.serve.stored_bytes
    transact(using.pool, lambda tx: quotas.check_stored(tx, user.user_id, 1, most))
    with tracing.span("sign", request.headers.get("traceparent")):
        made, secret = uploads.sign(
            using.pool, user.user_id, _plain(file.filename), file.content_type, file.sha256, now, using.settings.serve
        )
    if isinstance(using.store, S3Objects):
        most = using.settings.media.max_bytes
        url, fields = using.store.form(keys.upload(made.upload_id), made.content_type, most, made.expires_at)
    else:
        signed = request.url_for("receive", upload_id=made.upload_id).include_query_params(signature=secret)
        url, fields = str(signed), {"Content-Type": made.content_type}
    return SignedUpload(upload_id=made.upload_id, url=url, fields=fields, expires_at=made.expires_at)


@router.post("/{upload_id}/content", status_code=204, openapi_extra=FORM)
async def receive(
    upload_id: str, signature: Annotated[str, Query(max_length=100)], using: Using, request: Request
) -> None:
    """Take the file that was signed. An S3 store takes its files itself, at the address that it signed."""
    upload = await run_in_threadpool(uploads.admit, using.pool, upload_id, signature, datetime.now(UTC))
    async with request.form(max_files=1, max_fields=10) as form:
        with tracing.span("upload", upload.trace, upload_id=upload_id):
            await run_in_threadpool(_keep, form.get("file"), form.get("Content-Type"), upload, using)


def _plain(filename: str) -> str:
    """A name without folders."""
    return filename.replace("\\", "/").rstrip("/").rpartition("/")[2] or "clip"


def _keep(file: Any, content_type: Any, upload: uploads.Upload, using: Services) -> None:
    if not isinstance(file, UploadFile):
        raise DanceError("INVALID_INPUT", "the form has no file in its field `file`")
    if (content_type or file.content_type) != upload.content_type:
        raise DanceError("INVALID_INPUT", f"this address was signed for {upload.content_type}")
    most = using.settings.media.max_bytes
    if not 0 < (file.size or 0) <= most:
        raise DanceError("TOO_LARGE" if file.size else "EMPTY_FILE", f"1 to {most} bytes are taken, not {file.size}")
    using.store.put(keys.upload(upload.upload_id), file.file)
