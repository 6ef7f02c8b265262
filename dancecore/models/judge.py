"""How well frame by frame scores agree with the truth, and how sure they may be."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.optimize import minimize_scalar

from dancecore.learning import metrics
from dancecore.learning.metrics import Interval
from dancecore.types import OTHER, SECOND, Float, IntT, Reading

RATE_HZ = 20

SWITCH = 8.0
"""What a change of label costs in log-probability: 20 ms of doubt are no new move. For judging only."""


def log_softmax(logits: Float) -> Float:
    """Over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def fit_temperature(logits: Float, labels: IntT) -> float:
    """What logits (N, C) are divided by for their softmax to be as likely as can be (Guo et al. 2017, section 4.2)."""
    rows = np.arange(len(labels))

    def surprise(log_temperature: float) -> float:
        return -float(log_softmax(logits / np.exp(log_temperature))[rows, labels].mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-2, 2), method="bounded").x))


def calibration_error(logp: Float, labels: IntT, bins: int = 15) -> float:
    """Expected calibration error of the first choice, in bins of equal width (Guo et al. 2017, equation 3); 0..1."""
    sure, right = np.exp(logp.max(axis=1)), logp.argmax(axis=1) == labels
    at = np.minimum((sure * bins).astype(int), bins - 1)
    return float(sum(abs(sure[at == b].sum() - right[at == b].sum()) for b in range(bins)) / len(labels))


def steady(logp: Float, switch: float = SWITCH) -> IntT:
    """(T,) the likeliest labels of log-probabilities (T, C) when each change costs `switch` (Viterbi 1967)."""
    before = np.zeros(logp.shape, np.int64)
    total = logp[0].copy()
    for t in range(1, len(logp)):
        best = int(total.argmax())
        stays = total >= total[best] - switch
        before[t] = np.where(stays, np.arange(logp.shape[1]), best)
        total = np.where(stays, total, total[best] - switch) + logp[t]
    path = np.empty(len(logp), np.int64)
    path[-1] = total.argmax()
    for t in range(len(logp) - 1, 0, -1):
        path[t - 1] = before[t, path[t]]
    return path


def runs(frame_labels: IntT, labels: Sequence[Reading]) -> list[Interval]:
    """Runs of equal labels as intervals, OTHER without a side."""
    edges = [0, *(np.flatnonzero(np.diff(frame_labels)) + 1).tolist(), len(frame_labels)]
    tick = SECOND // RATE_HZ
    return [
        Interval(a * tick, b * tick, OTHER if labels[frame_labels[a]][0] == OTHER else labels[frame_labels[a]])
        for a, b in pairwise(edges)
    ]


def judge(logp: Sequence[Float], truth: Sequence[IntT], labels: Sequence[Reading]) -> dict[str, float]:
    """frame_acc, frame_F1 (macro), seg_F1_50, seg_IoU, top1_acc (of whole true segments) and ECE of clips: logp (T, C)
    and true labels (T,) of each. A label counts as right when move and side are."""
    names = [OTHER if label[0] == OTHER else label for label in labels]
    paths = [steady(each) for each in logp]
    true, told = np.concatenate(truth), np.concatenate(paths)
    table = metrics.confusion([names[i] for i in true], [names[i] for i in told])
    pairs = [(runs(t, labels), runs(p, labels)) for t, p in zip(truth, paths, strict=True)]
    counts = sum((metrics.segment_counts(t, p) for t, p in pairs), metrics.Counts(0, 0, 0))
    danced = [(t, p) for t, p in pairs if any(part.label != OTHER for part in t)]
    return {
        "frame_acc": metrics.frame_accuracy(table),
        "frame_F1": metrics.macro_f1(table),
        "seg_F1_50": counts.f1,
        "seg_IoU": float(np.mean([metrics.mean_segment_iou(t, p) for t, p in danced])) if danced else 0.0,
        "top1_acc": top1(logp, truth),
        "ECE": calibration_error(np.concatenate(logp), true),
    }


def top1(logp: Sequence[Float], truth: Sequence[IntT]) -> float:
    """Share of true segments whose label is that of the greatest mean log-probability."""
    right = [
        part.mean(axis=0).argmax() == label[0]
        for scores, labels in zip(logp, truth, strict=True)
        for part, label in zip(_cut(scores, labels), _cut(labels, labels), strict=True)
    ]
    return float(np.mean(right))


def _cut(values: np.ndarray, labels: IntT) -> list[np.ndarray]:
    return np.split(values, np.flatnonzero(np.diff(labels)) + 1)
