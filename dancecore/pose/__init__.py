"""Where every joint of every dancer is, in every frame: BlazePose (Bazarevsky et al. 2020) on ONNX Runtime."""

from dancecore.pose.choosing import primary
from dancecore.pose.cleaning import clean
from dancecore.pose.model import PoseModel, forward, load
from dancecore.pose.session import describe
from dancecore.pose.tracker import estimate, estimate_many
from dancecore.pose.weights import POSE_VERSION, VARIANTS, version

__all__ = [
    "POSE_VERSION",
    "VARIANTS",
    "PoseModel",
    "clean",
    "describe",
    "estimate",
    "estimate_many",
    "forward",
    "load",
    "primary",
    "version",
]
