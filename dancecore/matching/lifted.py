"""Moves known by exemplars, compared by what does not depend on where the camera stands (`features.lifted`)."""

from collections.abc import Mapping, Sequence

import numpy as np

from dancecore.errors import DanceError
from dancecore.features.lifted import (
    JOINT_OF,
    KIND,
    MIRROR_FROM,
    MIRROR_SIGN,
    ORDER,
    POSES,
    SPEEDS,
    WAY,
    WIDTH,
    LiftedFeatures,
    extract_lifted,
)
from dancecore.matching.bank import Bank
from dancecore.matching.compare import Queries, costs
from dancecore.matching.enrol import Exemplar
from dancecore.matching.references import Layout, Reference
from dancecore.settings import FeatureSettings, LiftedSettings
from dancecore.types import Candidate, Float, Float64, IntT, Span

FV2 = Layout(ORDER, MIRROR_FROM, MIRROR_SIGN, JOINT_OF)
"""The 170 columns of `features.lifted`."""


def column_shares(settings: LiftedSettings) -> Float:
    """(170,) float32, of sum one: how much each column counts."""
    shares = np.zeros(WIDTH, np.float32)
    for part, share in ((POSES, settings.poses), (SPEEDS, settings.speeds), (WAY, settings.way), (KIND, settings.kind)):
        shares[part] = share / (part.stop - part.start)
    return np.asarray(shares / shares.sum())


def lifted_bank(
    exemplars: Mapping[str, Sequence[Exemplar]], mirrored: bool, features: FeatureSettings, settings: LiftedSettings
) -> Bank:
    """What is enrolled: each exemplar as one sequence, with `mirrored` its mirror image too.

    Raises DanceError("INVALID_INPUT") when there is none.
    """
    weights = column_shares(settings)
    references = []
    for move_id, shown in exemplars.items():
        for each in shown:
            values = extract_lifted(each.track, features).values[_frames(each.track.time_ns, each.span)]
            references.append(Reference(move_id, False, mirrored, 0.0, values.copy(), weights))
    return Bank.of(references, FV2)


def nearest_lifted(
    features: LiftedFeatures, spans: Sequence[Span], bank: Bank, settings: LiftedSettings
) -> list[list[Candidate]]:
    """Every reading of the bank for each span, nearest first, with softmax(-alpha x distance) as probability.

    A span is compared whole with whole exemplars by DTW within `band`, so it may be danced at any tempo. Distances are
    root mean squares over columns, each as far as it is to be believed, averaged over the warping path.
    Raises DanceError("INVALID_INPUT") for a span with fewer than two frames.
    """
    series = []
    for span in spans:
        part = _frames(features.time_ns, span)
        if part.stop - part.start < 2:
            raise DanceError("INVALID_INPUT", f"span {span.start_ns}..{span.end_ns} holds fewer than two frames")
        series.append((features.values[part], features.trust[part]))
    found = costs(Queries.of(series, bank), bank.groups, bank, settings.band)
    nearest = np.full((len(series), len(bank.readings) + 1), np.inf)  # the last column takes what is no reading
    for row, cost in zip(nearest, found, strict=True):
        np.minimum.at(row, bank.reading_of, cost)
    return [_ranked(row[:-1], bank, settings.alpha) for row in nearest]


def _ranked(distance: Float64, bank: Bank, alpha: float) -> list[Candidate]:
    likely = np.exp(-alpha * (distance - distance.min()))
    likely /= likely.sum()
    order = np.argsort(distance, kind="stable")
    readings = ((r, *bank.readings[r]) for r in order)
    return [Candidate(move, mirror, float(distance[r]), float(likely[r])) for r, move, mirror in readings]


def _frames(time_ns: IntT, span: Span) -> slice:
    lo, hi = np.searchsorted(time_ns, [span.start_ns, span.end_ns])
    return slice(int(lo), int(hi))
