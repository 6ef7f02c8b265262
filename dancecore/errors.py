"""The one error a user can cause. Anything else that is raised is a bug."""

import zlib
from typing import Any
from zipfile import BadZipFile

CODES: dict[str, str] = {
    "CHANGED_MEANWHILE": "it was changed since it was read: read it again, and change that",
    "IF_MATCH_MISSING": "a change must say of which state it is, by the ETag that was read: If-Match",
    "INVALID_INPUT": "a value that was given cannot be used",
    "FILE_NOT_FOUND": "there is no file where one was named",
    "EMPTY_FILE": "the file has no content",
    "NOT_A_VIDEO": "the file is not a video in a format we read",
    "NO_VIDEO_STREAM": "the file has sound or other data but no moving picture",
    "TRUNCATED": "the file ends before its own index or header says it does",
    "ZERO_FRAMES": "the video holds no picture that can be shown",
    "CORRUPT_VIDEO": "too much of the video is damaged to be decoded",
    "BAD_DIMENSIONS": "the picture is too small or too large to be analysed",
    "TOO_SHORT": "the clip is shorter than a dance move",
    "TOO_LONG": "the clip is longer than is accepted",
    "TOO_LARGE": "the file has more bytes than are accepted",
    "DATABASE_UNAVAILABLE": "the database does not answer, or refuses the connection",
    "SCHEMA_MISSING": "the database has no tables of DanceApp yet",
    "EXTENSION_MISSING": "the PostgreSQL server lacks an extension, or does not let us enable it",
    "CLIP_DELETED": "its owner deleted this clip; it is not indexed again",
    "BAD_TAXONOMY": "a file of the taxonomy is not a valid move, or moves contradict each other",
    "NOT_FOUND": "nothing is stored under this name",
    "OBJECT_MISSING": "the object store holds nothing under this key",
    "OBJECTS_UNAVAILABLE": "the object store does not answer, or refuses the request",
    "SERVER_UNREACHABLE": "the service that was named does not answer, or is no DanceApp",
    "STORAGE_FULL": "the disk or the object store has no room left",
    "NO_PERSON": "nobody was found in the whole clip",
    "PROVIDER_MISSING": "the ONNX Runtime that is installed cannot run on the device that was asked for",
    "WEIGHTS_MISSING": "the pose weights are not set up, or are damaged",
    "WEIGHTS_UNREACHABLE": "the pose weights could not be fetched",
    "BAD_BUNDLE": "a trained model is damaged, or was made for other features or moves",
    "BAND_TOO_NARROW": "two series differ too much in length for the warping band to join their ends",
    "CLUSTER_UNREACHABLE": "there is no Ray at the address, or it refuses our token",
    "PLACEMENT_SHORTFALL": "the cluster lacks what the job needs to run at all",
    "WORKER_DIED": "two workers died while they worked on this clip; the clip is left out",
    "MISSING_EXTRA": "a part that is installed separately is not there",
    "QUOTA_EXCEEDED": "this user has as much as one user may: stored, waiting to be done, or set up",
    "UNREACHABLE": "an address that somebody named does not answer as it should",
    "UNKNOWN_MOVE": "a name means no move that is known, or could mean several",
    "NO_PLAN": "no dance fulfils all that was asked for",
    "NO_CLIPS": "no video file was found where it was looked for",
    "UNAUTHENTICATED": "the request says not, or not truly, who sends it",
    "FORBIDDEN": "whoever sends this request may not do this",
    "METHOD_NOT_ALLOWED": "this address answers, but not to this method",
    "ALREADY_EXISTS": "what was to be made is there already, or is being made",
    "RATE_LIMITED": "too many requests in a short time; the answer says when to go on",
    "OVERLOADED": "everything is busy and enough is waiting; the answer says when to try again",
    "MODEL_REPLACED": "another model serves now than the one that was asked for",
    "INTERNAL": "a fault of the service, which its log tells of under the id of the request",
}
"""Every code with what it means to the person who meets it; `README.md` prints this table."""

NO_NPZ = (
    ValueError, LookupError, OSError, EOFError, AttributeError, TypeError, NotImplementedError, BadZipFile, zlib.error,
)  # fmt: skip
"""What reading an npz raises when the file is another one, or is damaged."""


class DanceError(Exception):
    """A failure with a stable `code` (a key of CODES), a plain `message` and machine-readable `details`."""

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        if code not in CODES:
            raise KeyError(f"unknown error code {code!r}: add it to dancecore.errors.CODES")
        super().__init__(code, message, details)  # all three, so that the error survives pickling between processes
        self.code = code
        self.message = message
        self.details = details or {}

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
