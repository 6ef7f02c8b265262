"""The object store: artifacts by key, in a local folder or in an S3 bucket, through one interface.

Keys are made by cluster.keys; every method refuses others with DanceError("INVALID_INPUT").
"""

import errno
import io
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import ComposeSource
from minio.credentials import EnvAWSProvider
from minio.datatypes import PostPolicy
from minio.error import MinioException, S3Error

from cluster.keys import checked, checked_prefix
from cluster.settings import home, settings
from dancecore.errors import DanceError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What the system says when the disk, the quota, or the largest possible file is reached."""


class Objects(Protocol):
    """Bytes by key. A put replaces whole: a reader sees the old bytes or the new, and after a failure the old.

    Every method raises DanceError("OBJECTS_UNAVAILABLE") when the store does not answer or refuses.
    """

    def put(self, key: str, data: bytes | Path | BinaryIO) -> None:
        """Store bytes, or the whole content of a file. Raises DanceError("STORAGE_FULL") when there is no room."""

    def get(self, key: str) -> bytes:
        """The bytes of `key`. Raises DanceError("OBJECT_MISSING") when there are none."""

    def exists(self, key: str) -> bool:
        """Whether `key` holds bytes."""

    def file(self, key: str) -> AbstractContextManager[Path]:
        """A file with the bytes of `key`, to be read and left as it is; what is put there meanwhile may show. Raises
        DanceError("OBJECT_MISSING")."""

    def delete(self, key: str) -> None:
        """Forget `key`; nothing happens when it is not there."""

    def keys(self, prefix: str = "") -> list[str]:
        """The keys that start with `prefix`, sorted."""

    def sizes(self, prefix: str) -> dict[str, int]:
        """How many bytes each key has that starts with `prefix`, sorted."""

    def join(self, key: str, parts: Sequence[str]) -> None:
        """Store the bytes of some keys, one after another, as `key`. All parts but the last have at least 5 MiB, as S3
        wants it. Raises DanceError: OBJECT_MISSING, STORAGE_FULL."""


def objects() -> "LocalObjects | S3Objects":
    """The store that the settings name: the folder `objects` of home(), or the bucket of `objects.url`."""
    url = settings().objects.url
    return S3Objects(url) if url else LocalObjects(home() / "objects")


class LocalObjects:
    """Objects in a folder, one file each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def put(self, key: str, data: bytes | Path | BinaryIO) -> None:
        with _opened(data) as source, _local(key):
            target = self._path(key)
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, source)

    def get(self, key: str) -> bytes:
        with _local(key):
            try:
                return self._path(key).read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                raise _missing(key) from error

    def exists(self, key: str) -> bool:
        with _local(key):
            return self._path(key).is_file()

    @contextmanager
    def file(self, key: str) -> Iterator[Path]:
        if not self.exists(key):
            raise _missing(key)
        yield self._path(key)

    def delete(self, key: str) -> None:
        with _local(key):
            self._path(key).unlink(missing_ok=True)

    def keys(self, prefix: str = "") -> list[str]:
        start = self.folder / checked_prefix(prefix).rpartition("/")[0]
        with _local(prefix):
            files = (path for path in start.rglob("*") if not path.name.startswith(".") and path.is_file())
            found = [path.relative_to(self.folder).as_posix() for path in files]
        return sorted(key for key in found if key.startswith(prefix))

    def sizes(self, prefix: str) -> dict[str, int]:
        with _local(prefix):
            return {key: self._path(key).stat().st_size for key in self.keys(prefix)}

    def join(self, key: str, parts: Sequence[str]) -> None:
        with _local(key), tempfile.TemporaryFile(dir=self.folder) as whole:
            for part in parts:
                with self.file(part) as path, path.open("rb") as source:
                    shutil.copyfileobj(source, whole)
            self.put(key, whole)

    def _path(self, key: str) -> Path:
        return self.folder / checked(key)


class S3Objects:
    """Objects in a bucket of any S3 server. Credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."""

    def __init__(self, url: str) -> None:
        """`url`: http(s)://host[:port]/bucket; another one is DanceError("INVALID_INPUT"). Connects when first used."""
        parts = urlsplit(url)
        self.bucket = parts.path.strip("/")
        if parts.scheme not in ("http", "https") or not parts.netloc or not self.bucket or "/" in self.bucket:
            raise DanceError("INVALID_INPUT", "the object store's url must be http(s)://host:port/bucket")
        if parts.username or parts.password:
            raise DanceError("INVALID_INPUT", "credentials belong in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        if not (os.environ.get("AWS_ACCESS_KEY_ID") and os.environ.get("AWS_SECRET_ACCESS_KEY")):
            raise DanceError("OBJECTS_UNAVAILABLE", "the object store wants AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY")
        self.scheme, self.endpoint = parts.scheme, parts.netloc
        self.client = Minio(
            self.endpoint, secure=parts.scheme == "https", region=settings().objects.region,
            credentials=EnvAWSProvider(), http_client=_patient(),
        )  # fmt: skip

    def put(self, key: str, data: bytes | Path | BinaryIO) -> None:
        with _opened(data) as source, self._remote(key):
            size = source.seek(0, os.SEEK_END)
            source.seek(0)
            self.client.put_object(self.bucket, checked(key), source, size)

    def get(self, key: str) -> bytes:
        with self._remote(key):
            response = self.client.get_object(self.bucket, checked(key))
            try:
                return response.read()
            finally:
                response.close()
                response.release_conn()

    def exists(self, key: str) -> bool:
        try:
            with self._remote(key):
                self.client.stat_object(self.bucket, checked(key))
        except DanceError as error:
            if error.code != "OBJECT_MISSING":
                raise
            return False
        return True

    @contextmanager
    def file(self, key: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / checked(key).rpartition("/")[2]
            with self._remote(key):
                self.client.fget_object(self.bucket, key, str(path))
            yield path

    def form(self, key: str, content_type: str, most: int, until: datetime) -> tuple[str, dict[str, str]]:
        """Where, and with which fields, anybody may post a file of this type and of at most `most` bytes as `key`."""
        policy = PostPolicy(self.bucket, until)
        policy.add_equals_condition("key", checked(key))
        policy.add_equals_condition("Content-Type", content_type)
        policy.add_content_length_range_condition(1, most)
        with self._remote(key):
            fields = self.client.presigned_post_policy(policy)
        return f"{self.scheme}://{self.endpoint}/{self.bucket}", {"key": key, "Content-Type": content_type, **fields}

    def delete(self, key: str) -> None:
        with self._remote(key):
            self.client.remove_object(self.bucket, checked(key))

    def address(self, key: str, until: timedelta) -> str:
        """Where anybody may put a file as `key`, for a while."""
        with self._remote(key):
            return self.client.presigned_put_object(self.bucket, checked(key), expires=until)

    def keys(self, prefix: str = "") -> list[str]:
        return list(self.sizes(prefix))

    def sizes(self, prefix: str) -> dict[str, int]:
        with self._remote(prefix):
            found = self.client.list_objects(self.bucket, prefix=checked_prefix(prefix), recursive=True)
            return dict(sorted((str(item.object_name), item.size or 0) for item in found))

    def join(self, key: str, parts: Sequence[str]) -> None:
        with self._remote(key):
            sources = [ComposeSource(self.bucket, checked(part)) for part in parts]
            self.client.compose_object(self.bucket, checked(key), sources)

    @contextmanager
    def _remote(self, key: str) -> Iterator[None]:
        where = f"the object store at {self.endpoint}"
        try:
            yield
        except S3Error as error:
            if error.code == "NoSuchKey":
                raise _missing(key) from error
            if error.code == "XMinioStorageFull" or error.response.status == 507:
                raise DanceError("STORAGE_FULL", f"{where} has no room for {key}") from error
            raise DanceError("OBJECTS_UNAVAILABLE", f"{where} refuses: {error.code}, {error.message}") from error
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise DanceError("STORAGE_FULL", f"no room here for {key} of {where}") from error
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise DanceError("OBJECTS_UNAVAILABLE", f"{where} does not answer: {_first_line(error)}") from error


def _missing(key: str) -> DanceError:
    return DanceError("OBJECT_MISSING", f"nothing is stored under {key}", {"key": key})


def _replace(target: Path, source: BinaryIO) -> None:
    """Write beside `target`, on the disk for good before it takes the place of what was there."""
    beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with beside.open("xb") as file:
            shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename too survives a power cut
    finally:
        os.close(folder)


@contextmanager
def _opened(data: bytes | Path | BinaryIO) -> Iterator[BinaryIO]:
    """Outside the store's own error handling: a file to be stored that is not there is no failure of the store."""
    if isinstance(data, bytes):
        yield io.BytesIO(data)
    elif isinstance(data, Path):
        with data.open("rb") as source:
            yield source
    else:
        data.seek(0)
        yield data


@contextmanager
def _local(key: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        code = "STORAGE_FULL" if error.errno in FULL else "OBJECTS_UNAVAILABLE"
        raise DanceError(code, f"{key} cannot be kept or read: {error.strerror}", {"key": key}) from error


def _patient() -> urllib3.PoolManager:
    numbers = settings().objects
    retry = urllib3.Retry(
        total=numbers.attempts - 1, backoff_factor=numbers.backoff_s, status_forcelist=[500, 502, 503, 504]
    )
    timeout = urllib3.Timeout(connect=numbers.connect_timeout_s, read=numbers.read_timeout_s)
    return urllib3.PoolManager(timeout=timeout, retries=retry)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
