"""Keys of the object store, all in one place. A key is relative, with `/` between its parts."""

import re

from dancecore.errors import DanceError

PART = r"[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,199}"
KEY = re.compile(rf"{PART}(/{PART})*")
LONGEST = 1024
"""Bytes; S3's limit."""


def checked(key: str) -> str:
    """`key`, or DanceError("INVALID_INPUT") unless it is parts of A-Z a-z 0-9 . _ + - (no leading dot) joined by `/`.

    So a key cannot leave its folder, name a hidden file, or mean two things to two stores.
    """
    if len(key) > LONGEST or not KEY.fullmatch(key):
        raise DanceError("INVALID_INPUT", f"not a key of the object store: {key[:80]!r}")
    return key


def checked_prefix(prefix: str) -> str:
    """`prefix`, or DanceError("INVALID_INPUT") unless it is empty or begins keys (`videos/`, `videos/vid_0`)."""
    if prefix:
        checked(prefix.removesuffix("/"))
    return prefix


def source(video: str) -> str:
    """The clip as it came."""
    return checked(f"videos/{video}/source.mp4")


def upload(upload_id: str) -> str:
    """A file that was sent and is not a video yet."""
    return checked(f"uploads/{upload_id}")


def parts(upload_id: str) -> str:
    """What all keys of the parts of an upload begin with."""
    return checked(f"parts/{upload_id}") + "/"


def part(upload_id: str, number: int) -> str:
    """A part of a file that is sent in several, counted from 1."""
    return checked(f"parts/{upload_id}/{number:05d}")


def of_video(video: str) -> str:
    """What all keys of a video begin with."""
    return checked(f"videos/{video}") + "/"


def preview(video: str) -> str:
    """A small moving picture of the clip."""
    return checked(f"videos/{video}/preview.gif")


def keypoints(video: str, pose_version: str) -> str:
    """Landmarks: xy (T, 33, 2), conf (T, 33) and more."""
    return checked(f"videos/{video}/pose/keypoints_v{pose_version}.npz")


def features(video: str, feature_version: str) -> str:
    """Features: values (T, 128), mask (T, 33)."""
    return checked(f"videos/{video}/features/features_v{feature_version}.npz")


def segments(video: str, model_version: str) -> str:
    """The segments as JSON, as the API shows them."""
    return checked(f"videos/{video}/segments/segments_{model_version}.json")


def embeddings(video: str, model_version: str) -> str:
    """The embeddings of the segments of this version, and the version of the encoder."""
    return checked(f"videos/{video}/segments/embeddings_{model_version}.npz")


def beats(video: str, model_version: str) -> str:
    """The beats of the clip's music as JSON, as the segments of this version were found with them."""
    return checked(f"videos/{video}/music/beats_{model_version}.json")


def of_composition(composition: str) -> str:
    """What all keys of a composition begin with."""
    return checked(f"compositions/{composition}") + "/"


def of_export(composition: str, export_id: str) -> str:
    """What the keys of an export's files begin with."""
    return checked(f"compositions/{composition}/exports/{export_id}") + "/"


def export(composition: str, export_id: str, name: str) -> str:
    """A file that a composition was exported as: the format's name is the end of its name."""
    return checked(f"compositions/{composition}/exports/{export_id}/dance.{name}")


def model(model_id: str, name: str) -> str:
    """A file of a registered model's bundle."""
    return checked(f"models/{model_id}/{name}")


def template(move: str, template_id: str) -> str:
    """One template of a move."""
    return checked(f"moves/{move}/templates/{template_id}.npz")


def exemplar(move: str, exemplar_id: str) -> str:
    """A clip of the move as it is danced."""
    return checked(f"moves/{move}/exemplars/{exemplar_id}.mp4")


def exemplar_poses(move: str, exemplar_id: str) -> str:
    """The poses of an exemplar that a move was enrolled by: all that is kept of it."""
    return checked(f"moves/{move}/exemplars/{exemplar_id}.npz")
