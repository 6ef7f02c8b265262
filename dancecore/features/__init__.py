"""From a cleaned pose to the 128 numbers a frame that moves are told apart by."""

from dancecore.features.columns import COLUMN_JOINTS, COLUMNS, GROUPS, SCALE, confidence
from dancecore.features.extract import FEATURE_VERSION, extract, mirror
from dancecore.features.packing import pack, unpack
from dancecore.features.statistics import STATISTICS, window_statistics

__all__ = [
    "COLUMNS", "COLUMN_JOINTS", "FEATURE_VERSION", "GROUPS", "SCALE", "STATISTICS",
    "confidence", "extract", "mirror", "pack", "unpack", "window_statistics",
]  # fmt: skip
