"""A plain temporal convolutional network on keypoints in the picture, trained on the set itself: the usual peer.

Two stages of dilated residual convolutions that name every frame (Farha & Gall 2019, "MS-TCN", section 3), from
normalised 2D keypoints. It needs torch, and more than a few examples of each move.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from dancecore.learning.recognisers.peers import SHOWN, normalised
from dancecore.matching.enrol import Exemplar
from dancecore.settings import EvaluationSettings, FeatureSettings
from dancecore.types import OTHER, SECOND, BeatGrid, Candidate, Float64, IntT, PoseTrack, Reading, Segment, Span

LAYERS, STAGES, RATE, CLIPS_A_STEP = 8, 2, 3e-3, 4
"""Dilations up to 128 frames see a dozen seconds around each; at the paper's rate of 5e-4 it had learned
nothing of small sets by the end."""

SMOOTH, TRUNCATED = 0.15, 4.0
"""Weight and limit of the loss that keeps neighbouring frames alike, as in the paper."""

SKIPPED = -100
"""The class of a frame that nobody labelled; it does not count."""


class _Layer(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.wide = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.narrow = nn.Conv1d(channels, channels, 1)
        self.dropout = nn.Dropout()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.dropout(self.narrow(functional.relu(self.wide(x))))


class _Stage(nn.Sequential):
    def __init__(self, taken: int, channels: int, classes: int) -> None:
        layers = [_Layer(channels, 2**i) for i in range(LAYERS)]
        super().__init__(nn.Conv1d(taken, channels, 1), *layers, nn.Conv1d(channels, classes, 1))


class Tcn:
    """Trained when it is made, on one thread, from one seed."""

    def __init__(
        self, exemplars: Mapping[str, Sequence[Exemplar]], mirrored: bool, features: FeatureSettings,
        settings: EvaluationSettings,
    ) -> None:  # fmt: skip
        torch.manual_seed(0)
        self._features = features
        sides = (False, True) if mirrored else (False,)
        self.readings = sorted(
            {(move, side and move != OTHER) for move in exemplars for side in sides} | {(OTHER, False)}
        )
        classes, channels = len(self.readings), settings.tcn_channels
        self._stages = nn.ModuleList(
            _Stage(2 * len(SHOWN) if i == 0 else classes, channels, classes) for i in range(STAGES)
        )  # fmt: skip
        self._train(self._clips(exemplars, sides), settings.tcn_epochs)

    def rank(self, track: PoseTrack, span: Span, beats: BeatGrid | None) -> Sequence[Candidate]:
        lo, hi = np.searchsorted(track.time_ns, [span.start_ns, span.end_ns])
        likely = self._likely(track)[:, lo:hi].mean(axis=1)
        ranked = sorted(zip(likely.tolist(), self.readings, strict=True), reverse=True)
        return [Candidate(*reading, 1 - p, p) for p, reading in ranked]

    def segments(self, track: PoseTrack, beats: BeatGrid | None) -> list[Segment]:
        likely = self._likely(track)
        best = likely.argmax(axis=0)
        step = int(np.median(np.diff(track.time_ns))) if len(track) > 1 else SECOND
        ends = np.append(track.time_ns, track.time_ns[-1] + step)
        edges = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
        return [
            self._segment(int(ends[a]), int(ends[b]), self.readings[best[a]], float(likely[best[a], a:b].mean()))
            for a, b in pairwise(edges)
        ]

    def _segment(self, start_ns: int, end_ns: int, reading: Reading, sure: float) -> Segment:
        return Segment(start_ns, end_ns, reading[0], min(sure, 1.0), reading[1], ())

    def _likely(self, track: PoseTrack) -> Float64:
        """(classes, T) the probability of each reading in each frame."""
        with torch.no_grad():
            return np.asarray(self._stages_of(self._points(track)[None])[-1][0].softmax(0).numpy(), np.float64)

    def _stages_of(self, points: Tensor) -> list[Tensor]:
        """The logits (N, classes, T) of every stage."""
        out = [self._stages[0](points)]
        for stage in self._stages[1:]:
            out.append(stage(out[-1].softmax(1)))
        return out

    def _points(self, track: PoseTrack) -> Tensor:
        return torch.from_numpy(normalised(track, self._features).T.astype(np.float32))

    def _clips(self, exemplars: Mapping[str, Sequence[Exemplar]], sides: Sequence[bool]) -> list[tuple[Tensor, Tensor]]:
        """Points (26, T) and classes (T,) of every clip that an exemplar is in, to each side."""
        clips: dict[int, tuple[PoseTrack, list[tuple[str, Span]]]] = {}
        for move, shown in exemplars.items():
            for each in shown:
                clips.setdefault(id(each.track), (each.track, []))[1].append((move, each.span))
        return [
            (self._points(track.mirrored() if side else track), torch.from_numpy(self._classes(track, labelled, side)))
            for track, labelled in clips.values()
            for side in sides
        ]

    def _classes(self, track: PoseTrack, labelled: Sequence[tuple[str, Span]], side: bool) -> IntT:
        classes = np.full(len(track), SKIPPED)
        for move, span in labelled:
            lo, hi = np.searchsorted(track.time_ns, [span.start_ns, span.end_ns])
            classes[lo:hi] = self.readings.index((move, side and move != OTHER))
        return classes

    def _train(self, clips: Sequence[tuple[Tensor, Tensor]], epochs: int) -> None:
        optimiser = torch.optim.Adam(self._stages.parameters(), lr=RATE)
        self._stages.train()
        for _ in range(epochs):
            for chosen in torch.randperm(len(clips)).split(CLIPS_A_STEP):
                points = nn.utils.rnn.pad_sequence([clips[i][0].T for i in chosen], batch_first=True).mT
                classes = nn.utils.rnn.pad_sequence(
                    [clips[i][1] for i in chosen], batch_first=True, padding_value=SKIPPED
                )
                loss = torch.stack([_loss(logits, classes) for logits in self._stages_of(points)]).sum()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        self._stages.eval()


def _loss(logits: Tensor, classes: Tensor) -> Tensor:
    steps = functional.mse_loss(
        logits.log_softmax(1)[:, :, 1:], logits.log_softmax(1)[:, :, :-1].detach(), reduction="none"
    )
    counted = (classes[:, 1:] != SKIPPED).unsqueeze(1)
    smooth = (steps.clamp(max=TRUNCATED**2) * counted).sum() / (counted.sum() * logits.shape[1]).clamp(min=1)
    return functional.cross_entropy(logits, classes, ignore_index=SKIPPED) + SMOOTH * smooth
