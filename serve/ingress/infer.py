"""A short clip in, its segments out at once."""

from fastapi import APIRouter, UploadFile

from dancecore.errors import DanceError
from serve.infer import Inferred, infer
from serve.ingress.routing import Route
from serve.ingress.services import Services, Using
from serve.ingress.videos import Segments

router = APIRouter(prefix="/v1/infer", tags=["analysis"], route_class=Route)


@router.post("")
async def segments(file: UploadFile, using: Using) -> Segments:
    """The segments of a short clip, the same as those of its analysis. Nothing of it is kept.

    A clip that is longer than `infer_max_ms` or larger than `infer_max_bytes` of configs/serve.yaml is refused: upload
    it. While all are busy: 503, and when to try again.
    """
    return Segments.model_validate((await inferred(file, using)).segments)


async def inferred(file: UploadFile, using: Services) -> Inferred:
    """What is found in a short clip. Raises DanceError: TOO_LARGE, and what `serve.infer.infer` raises."""
    numbers = using.settings.serve
    if (file.size or 0) > numbers.infer_max_bytes:
        raise DanceError("TOO_LARGE", f"at most {numbers.infer_max_bytes} bytes are answered at once: upload the clip")
    return await infer(using.recognition, using.store, file.file, numbers.infer_max_ms)
