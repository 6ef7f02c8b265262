"""How well what was found agrees with the truth: of labels, of segments, of confidences; and how sure a score is."""

from dancecore.learning.metrics.bootstrap import Estimate, estimate
from dancecore.learning.metrics.classes import (
    Confusion,
    Label,
    class_f1,
    confusion,
    frame_accuracy,
    macro_f1,
    precision,
    recall,
    top_k,
)
from dancecore.learning.metrics.confidence import BINS, Reliability, auroc, coverage, reliability
from dancecore.learning.metrics.segments import (
    Counts,
    Interval,
    boundaries,
    boundary_counts,
    edit_score,
    frames,
    intervals,
    joined,
    mean_segment_iou,
    needless_and_lacking,
    segment_counts,
)

__all__ = [
    "BINS",
    "Confusion",
    "Counts",
    "Estimate",
    "Interval",
    "Label",
    "Reliability",
    "auroc",
    "boundaries",
    "boundary_counts",
    "class_f1",
    "confusion",
    "coverage",
    "edit_score",
    "estimate",
    "frame_accuracy",
    "frames",
    "intervals",
    "joined",
    "macro_f1",
    "mean_segment_iou",
    "needless_and_lacking",
    "precision",
    "recall",
    "reliability",
    "segment_counts",
    "top_k",
]  # fmt: skip
