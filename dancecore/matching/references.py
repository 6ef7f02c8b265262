"""What spans are compared with, of whatever columns: loops that may begin anywhere, and sequences that may not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dancecore.features.columns import COLUMN_JOINTS, COLUMNS, MIRROR_FROM, MIRROR_SIGN
from dancecore.matching.templates import Template
from dancecore.settings import MatchingSettings
from dancecore.types import Float, IntT


@dataclass(frozen=True, slots=True)
class Layout:
    """What matching knows of D columns.

    order (D,) int64: how often each is derived by time: danced r times faster, it grows by r to this power.
    mirror_from (D,) int64 and mirror_sign (D,) float32: column d of the mirror image is sign[d] x column from[d], an
    involution.
    source_of (D,) int64: which of G sources, such as sets of joints, each is made of: columns of one are always as far
    to be believed. Columns of one source have mirror images of one.
    """

    order: IntT
    mirror_from: IntT
    mirror_sign: Float
    source_of: IntT

    def mirrored(self, values: Float) -> Float:
        """(T, D): what a mirror shows."""
        return values[:, self.mirror_from] * self.mirror_sign

    def halves(self, values: Float, others: Float) -> tuple[Float, Float]:
        """(T, D + G) made of values (T, D) and others of the `sources` (T, G), which keep their sign, as the (T, K)
        that stays and the (T, D + G - K) that changes sign in the mirror; of orthonormal columns, so inner products add
        up."""
        both, many = np.hstack([values, others]), len(self.mirror_from)
        image_of = self.source_of[self.mirror_from[self._first()]]
        source = np.concatenate([self.mirror_from, many + image_of])
        sign = np.concatenate([self.mirror_sign, np.ones(len(image_of), np.float32)])
        image, at = both[:, source] * sign, np.arange(len(source))
        pair, own = source > at, source == at
        even, odd = pair | (own & (sign > 0)), pair | (own & (sign < 0))
        scale = np.where(pair, np.sqrt(0.5), 0.5).astype(np.float32)
        return (both + image)[:, even] * scale[even], (both - image)[:, odd] * scale[odd]

    def told(self, trust: Float) -> Float:
        """(T, G): how far each source is to be believed, of trust (T, D)."""
        return trust[:, self._first()]

    def summed(self, values: Float) -> Float:
        """(T, G): the sums over the columns of each source of values (T, D)."""
        of_source = self.source_of[:, None] == np.arange(self.source_of.max() + 1)
        return np.asarray(values @ of_source.astype(values.dtype))

    def _first(self) -> IntT:
        """(G,) a column of each source."""
        return np.unique(self.source_of, return_index=True)[1]


FV1 = Layout(
    np.array([2 if c.unit.endswith("/s2") else 1 if c.unit.endswith("/s") else 0 for c in COLUMNS]),
    MIRROR_FROM,
    MIRROR_SIGN,
    np.unique(COLUMN_JOINTS, axis=0, return_inverse=True)[1],
)
"""The 128 columns of `dancecore.features`."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One way a move is danced: the reading (move_id, mirror); with `both` its mirror image is (move_id, not mirror).

    values (T, D) float32; weights (D,) float32 >= 0, of any sum above 0; bpm 0 where nobody knows the tempo.
    `starts`: the frames where a window of a span's length may begin, frame T being frame 0 again; None for a sequence
    that is compared as a whole, from its first frame to its last.
    """

    move_id: str
    mirror: bool
    both: bool
    bpm: float
    values: Float
    weights: Float
    starts: IntT | None = None


def loops(templates: Sequence[Template], layout: Layout, settings: MatchingSettings) -> list[Reference]:
    """The templates as loops, one that is the mirror image of another together with it.

    Where the mirrored loop of an enrolled move is, within `same_side`, its straight loop begun elsewhere, the
    mirrored one is left out, as `moves.sides` has it of the taxonomy's moves, whose motions are known.
    """
    found: dict[tuple[object, ...], list[Template]] = {}
    for t in _told_apart(templates, settings.same_side):
        found.setdefault((t.move_id, t.bpm, _straight(t, layout)), []).append(t)
    return [
        Reference(t.move_id, t.mirror, len({each.mirror for each in same}) > 1, t.bpm, t.values, t.weights,
                  _starts(t, settings))
        for same in found.values() for t in same[:1]
    ]  # fmt: skip


def _straight(template: Template, layout: Layout) -> bytes:
    """Equal for a template and its mirror image."""
    values, weights = template.values, template.weights
    if template.mirror:
        values, weights = layout.mirrored(values), weights[layout.mirror_from]
    return (values + 0.0).tobytes() + weights.tobytes()  # + 0: minus nought is nought


def _told_apart(templates: Sequence[Template], same_side: float) -> list[Template]:
    """The templates without the mirrored ones of moves whose two sides are one dance."""
    straight = {(t.move_id, t.source, t.yaw): t for t in templates if not t.mirror}
    distances: dict[str, float] = {}
    for t in templates:
        if t.mirror:
            twin = straight.get((t.move_id, t.source, t.yaw))
            distance = _apart(t, twin) if twin else np.inf
            distances[t.move_id] = max(distance, distances.get(t.move_id, 0.0))
    return [t for t in templates if not t.mirror or distances[t.move_id] > same_side]


def _apart(mirrored: Template, straight: Template) -> float:
    """Weighted root mean square between two loops, one begun where they are nearest; infinite if one is longer."""
    if mirrored.values.shape != straight.values.shape:
        return float("inf")
    weights = straight.weights / straight.weights.sum()
    shifted = (np.roll(mirrored.values, k, axis=0) for k in range(len(mirrored.values)))
    return float(np.sqrt(min(np.mean((values - straight.values) ** 2 @ weights) for values in shifted)))


def _starts(template: Template, settings: MatchingSettings) -> IntT:
    """The frames of one loop at which a window may begin: every `phase_beats`."""
    count = max(1, round(template.beats / settings.phase_beats))
    return np.unique(np.round(np.arange(count) * len(template.values) / count).astype(np.int64))
