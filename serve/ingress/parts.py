"""Sending large files in parts, each to an address of its own: what broke off goes on with the parts that are missing.

Each part is an object of the store, which puts them together when a video is made of them (`POST /v1/videos`).
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from cluster import keys, uploads
from cluster.objects import S3Objects
from cluster.uploads import Upload
from dancecore.errors import DanceError
from serve.ingress.models import Shape, example
from serve.ingress.routing import Route
from serve.ingress.services import Services, Using

router = APIRouter(prefix="/v1/uploads", tags=["videos"], route_class=Route)

UPLOAD = "upl_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A"
MIB_8 = 8_388_608


class Whole(Shape):
    """How many bytes the whole file has."""

    bytes: Annotated[int, Field(ge=1)]
    model_config = example(bytes=20_000_000)


class SignedPart(Shape):
    """A part that is missing: bytes [offset, offset + bytes) of the file go to `url` as the body of a PUT."""

    number: int
    offset: int
    bytes: int
    url: str
    model_config = example(
        number=2, offset=MIB_8, bytes=MIB_8,
        url=f"http://127.0.0.1:8000/v1/uploads/{UPLOAD}/parts/2/content?signature=c2VjcmV0",
    )  # fmt: skip


class SignedParts(Shape):
    """The parts that are missing. Their addresses are good until `expires_at`; asking again gives new ones."""

    parts: list[SignedPart]
    expires_at: datetime
    model_config = example(parts=[], expires_at="2026-06-30T13:00:00Z")


class ReceivedPart(Shape):
    """A part that is there."""

    number: int
    bytes: int
    model_config = example(number=1, bytes=MIB_8)


class ReceivedParts(Shape):
    """The parts that are there, in order."""

    parts: list[ReceivedPart]
    model_config = example(parts=[{"number": 1, "bytes": MIB_8}])


@router.post("/{upload_id}/parts")
def sign_parts(upload_id: str, whole: Whole, using: Using, request: Request) -> SignedParts:
    """Have addresses signed for the parts of a file that are not there yet: all of them at first, and after a break
    those that are missing. `POST /v1/uploads/sign` comes before it, `POST /v1/videos` after the last part."""
    most = using.settings.media.max_bytes
    if whole.bytes > most:
        raise DanceError("TOO_LARGE", f"1 to {most} bytes are taken, not {whole.bytes}")
    upload, secret = uploads.renew(using.pool, upload_id, datetime.now(UTC), using.settings.serve)
    size = using.settings.serve.part_bytes
    count = -(-whole.bytes // size)
    there = {number: has for number, has in _there(upload_id, using).items() if number <= count}
    missing = [
        SignedPart(number=number, offset=offset, bytes=length, url=_address(upload, number, secret, using, request))
        for number, offset in enumerate(range(0, whole.bytes, size), 1)
        if there.get(number) != (length := min(size, whole.bytes - offset))
    ]
    return SignedParts(parts=missing, expires_at=upload.expires_at)


@router.get("/{upload_id}/parts")
def list_parts(upload_id: str, using: Using) -> ReceivedParts:
    """The parts of an upload that are there."""
    there = _there(upload_id, using)
    return ReceivedParts(parts=[ReceivedPart(number=number, bytes=size) for number, size in there.items()])


BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}
}


@router.put("/{upload_id}/parts/{number}/content", status_code=204, openapi_extra=BODY)
async def receive_part(
    upload_id: str, number: Annotated[int, Path(ge=1, le=10_000)],
    signature: Annotated[str, Query(max_length=100)], using: Using, request: Request,
) -> None:  # fmt: skip
    """Take a part that was signed. An S3 store takes its parts itself, at the addresses that it signed."""
    upload = await run_in_threadpool(uploads.admit, using.pool, upload_id, signature, datetime.now(UTC))
    content, most = bytearray(), using.settings.serve.part_bytes
    if (number - 1) * most >= using.settings.media.max_bytes:
        raise DanceError("TOO_LARGE", f"no file that is taken has so many parts of {most} bytes")
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            raise DanceError("TOO_LARGE", f"a part has at most {most} bytes")
    if not content:
        raise DanceError("EMPTY_FILE", "a part has at least one byte")
    await run_in_threadpool(using.store.put, keys.part(upload.upload_id, number), bytes(content))


def joined(upload: Upload, using: Services) -> str:
    """The key of the file that was sent, put together where it came in parts. Raises DanceError("INVALID_INPUT") when
    parts are missing."""
    whole, there = keys.upload(upload.upload_id), _there(upload.upload_id, using)
    if there:
        size = using.settings.serve.part_bytes
        wanting = [number for number in range(1, max(there)) if there.get(number) != size]
        if wanting:
            said = f"part {wanting[0]} is not there, or not whole"
            raise DanceError("INVALID_INPUT", said, {"parts": wanting})
        if sum(there.values()) > using.settings.media.max_bytes:
            raise DanceError("TOO_LARGE", f"1 to {using.settings.media.max_bytes} bytes are taken")
        using.store.join(whole, [keys.part(upload.upload_id, number) for number in there])
    return whole


def _there(upload_id: str, using: Services) -> dict[int, int]:
    """The bytes of each part that is there, by its number, in order."""
    sizes = using.store.sizes(keys.parts(upload_id))
    return {int(key.rpartition("/")[2]): size for key, size in sizes.items()}


def _address(upload: Upload, number: int, secret: str, using: Services, request: Request) -> str:
    if isinstance(using.store, S3Objects):
        lasting = timedelta(minutes=using.settings.serve.upload_minutes)
        return using.store.address(keys.part(upload.upload_id, number), lasting)
    signed = request.url_for("receive_part", upload_id=upload.upload_id, number=number)
    return str(signed.include_query_params(signature=secret))
