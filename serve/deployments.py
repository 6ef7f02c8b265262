"""The deployments that recognise moves. Each adapts functions of dancecore to clips in the object store, no more.

Frames never leave the replica that decodes them; between replicas goes nothing but the id of a clip.
"""

import asyncio
import logging
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ray import serve

from cluster import keys, registry
from cluster.artifacts import pack_beats, pack_segments
from cluster.database import engine
from cluster.layer import own_moves
from cluster.library import Library, named_by, pose_version
from cluster.migrate import migrate
from cluster.objects import objects
from cluster.ready import library_ready
from cluster.serving import stored_bundle
from cluster.settings import settings
from cluster.steps import find_segments, pack_features, pack_poses
from cluster.weights import weights_dir
from dancecore import music
from dancecore.errors import DanceError
from dancecore.media import frames, probe
from dancecore.media.preview import preview
from dancecore.models.classify import Classifier
from dancecore.pipeline import hear
from dancecore.pose import estimate_many, forward, load
from dancecore.pose.packing import unpack_tracks
from dancecore.types import SECOND, Features, PoseTrack, Versions
from serve.metrics import count_disagreement
from serve.recognition import Posed
from serve.telling import tell

log = logging.getLogger("danceapp.models")

PROVIDERS = {"auto": "auto", "cpu": "cpu", "gpu": "cuda"}
"""What ONNX Runtime runs on, by `device` of configs/cluster.yaml."""

KEPT = 4
"""Libraries that stay in memory, some 50 MB each."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A clip to be looked at, and how many frames it has at the rate of analysis, about."""

    path: Path
    frames: int


def total_frames(clips: list[Waiting]) -> int:
    """How much work clips are. One that is more than a whole batch is a batch of its own."""
    return sum(min(clip.frames, settings().serve.pose_batch_frames) for clip in clips)


class PoseEstimator:
    """Looks at clips: what they are, a preview, and where the joints of every dancer are in each frame."""

    def __init__(self) -> None:
        tell("pose")
        self.settings, self.store = settings(), objects()
        provider = PROVIDERS[self.settings.cluster.device]
        self.model = load(self.settings.pose.variant, weights_dir(), self.settings.pose, provider)
        self.version = pose_version(self.settings)

    def check_health(self) -> None:
        """Serve calls this every `health_every_s`. Raises whatever keeps the model from running."""
        forward(self.model)

    async def poses(self, clip: str, longest_ms: int | None) -> Posed:
        """See serve.recognition.Recognition."""
        key, media = keys.keypoints(clip, self.version), self.settings.media
        with ExitStack() as held:
            path = await asyncio.to_thread(held.enter_context, self.store.file(keys.source(clip)))
            info = await asyncio.to_thread(probe, path, media)
            if longest_ms is not None and info.duration_ms > longest_ms:
                said = (
                    f"{info.duration_ms} ms are more than the {longest_ms} that are answered at once: upload the clip"
                )
                raise DanceError("TOO_LONG", said)
            if await asyncio.to_thread(self.store.exists, key):
                return Posed(info, len(unpack_tracks(self.store.get(key))[0]), None)
            began = time.monotonic()
            found = await self.together(Waiting(path, info.duration_ms * media.rate_hz // 1000))
            took = time.monotonic() - began
            if isinstance(found, DanceError):
                raise found
            if longest_ms is None:
                await asyncio.to_thread(self._keep_preview, clip, path)
        await asyncio.to_thread(self.store.put, key, pack_poses(found, self.settings.pose))
        return Posed(info, len(found[0]), len(found[0]) / took)

    @serve.batch(
        max_batch_size=settings().serve.pose_batch_frames, batch_wait_timeout_s=settings().serve.pose_batch_s,
        batch_size_fn=total_frames,
    )  # fmt: skip
    async def together(self, clips: list[Waiting]) -> list[list[PoseTrack] | DanceError]:
        """Every dancer of the clips that wait at the same time, or why there are none: their frames go through the
        networks in the same batches."""
        return await asyncio.to_thread(self.tracks, [clip.path for clip in clips])

    def tracks(self, paths: Sequence[Path]) -> list[list[PoseTrack] | DanceError]:
        """Every dancer of the clips in these files, or why there are none."""
        batches = [frames(path, self.settings.media.rate_hz) for path in paths]
        return list(estimate_many(batches, self.model, self.settings.pose))

    def _keep_preview(self, clip: str, path: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            gif = Path(folder) / "preview.gif"
            preview(path, gif, self.settings.media)
            self.store.put(keys.preview(clip), gif)


class MoveFinder:
    """Finds moves in poses: by templates and by the classifier, both in one process, because they are weighed against
    each other span by span and together take a tenth of what poses take.

    Moves that are taught meanwhile, and a model that is promoted, make another library. Those before stay for a while,
    for the analyses that were asked for then.
    """

    def __init__(self) -> None:
        tell("moves")
        self.settings, self.store, self.pool = settings(), objects(), engine()
        migrate()
        self.begin()
        music.warm_up(self.settings.music)

    def begin(self) -> None:
        """Have clips named by the model beside the taxonomy, until another one is to be taken up."""
        self.kept: dict[Versions, tuple[Library, Classifier | None]] = {}
        self.pinned: str | None = None
        self._load(None)

    def reconfigure(self, user_config: dict[str, str | None]) -> None:
        """Serve calls this when the replica starts, and when its `user_config` changes: {"model": ID} has clips named
        by that registered model; {"model": None} by what the registry has in production, now and from now on.

        Raises DanceError: OBJECT_MISSING, BAD_BUNDLE.
        """
        self.pinned = user_config["model"]
        self._take_up()

    def check_health(self) -> None:
        """Serve calls this every `health_every_s`: takes up a model that was promoted meanwhile, without a restart. One
        that cannot be had leaves the one that serves, which classifies a second of nobody. Raises what keeps it from
        that."""
        try:
            self._take_up()
        except DanceError as error:
            log.warning("the model in production cannot be taken up: %s", error)
        _, classifier = self.kept[self.library.versions]
        if classifier:
            rate = self.settings.media.rate_hz
            time_ns = np.arange(rate, dtype=np.int64) * SECOND // rate
            classifier(Features(time_ns, np.zeros((rate, 128), np.float32), np.ones((rate, 33), np.float32)))

    def versions(self) -> Versions:
        """See serve.recognition.Recognition."""
        if own_moves(self.pool) != self.taught:
            self._load(self.model_id)
        return self.library.versions

    def make(self) -> Library:
        """The library with the moves that are taught now, and the model beside the taxonomy."""
        return library_ready(self.settings)

    def _take_up(self) -> None:
        wanted = self.pinned or registry.serving(self.pool).production
        if wanted != self.model_id:
            self._load(wanted)
            log.info("%s names clips now", self.library.versions.model)

    def _load(self, model_id: str | None) -> None:
        """Have clips named by a registered model; None: by the one beside the taxonomy."""
        taught, library = own_moves(self.pool), self.make()
        if model_id is not None:
            library = named_by(library, stored_bundle(self.store, model_id, library.taxonomy.semver))
        classifier = Classifier(library.bundle) if library.bundle else None
        self.taught, self.library, self.model_id = taught, library, model_id
        self.kept[library.versions] = library, classifier
        while len(self.kept) > KEPT:
            self.kept.pop(next(iter(self.kept)))

    def features(self, clip: str, versions: Versions) -> None:
        """See serve.recognition.Recognition."""
        self._at(versions)
        key = keys.features(clip, versions.features)
        if not self.store.exists(key):
            poses = self.store.get(keys.keypoints(clip, versions.pose))
            self.store.put(key, pack_features(poses, self.settings.features))

    def segments(self, clip: str, versions: Versions) -> None:
        """See serve.recognition.Recognition."""
        library, classifier = self._at(versions)
        key = keys.segments(clip, versions.model)
        if self.store.exists(key):
            return
        features = self.store.get(keys.features(clip, versions.features))
        with self.store.file(keys.source(clip)) as path:
            heard = hear(path, self.settings.analysis)
        poses = self.store.get(keys.keypoints(clip, versions.pose))
        found = find_segments(
            features, poses, heard, library.bank, classifier, library.own, self.settings.analysis,
            versions.features,
        )  # fmt: skip
        if found.differ is not None:
            count_disagreement(**found.differ)
        if found.embeddings is not None:
            self.store.put(keys.embeddings(clip, versions.model), found.embeddings)
        self.store.put(keys.beats(clip, versions.model), pack_beats(heard))
        self.store.put(key, pack_segments(found.segments, versions, self.settings.decoding))

    def _at(self, versions: Versions) -> tuple[Library, Classifier | None]:
        if versions not in self.kept:
            self.versions()  # another replica may have learned first
        if versions not in self.kept:
            raise DanceError("MODEL_REPLACED", f"{self.library.versions.model} serves now, not {versions.model}")
        return self.kept[versions]
