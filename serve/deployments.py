"""The deployments that recognise moves. Each adapts functions of dancecore to clips in the object store, no more.

Frames never leave the replica that decodes them; between replicas goes nothing but the id of a clip.
"""

import logging
import tempfile
import time
from pathlib import Path

from cluster import keys, registry
from cluster.artifacts import pack_beats, pack_segments
from cluster.database import engine
from cluster.library import named_by, pose_version
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
from dancecore.pose import estimate, load
from dancecore.pose.packing import unpack_tracks
from dancecore.types import PoseTrack, Versions
from serve.metrics import count_disagreement
from serve.recognition import Posed

log = logging.getLogger("danceapp.models")

PROVIDERS = {"auto": "auto", "cpu": "cpu", "gpu": "cuda"}
"""What ONNX Runtime runs on, by `device` of configs/cluster.yaml."""


class PoseEstimator:
    """Looks at clips: what they are, a preview, and where the joints of every dancer are in each frame."""

    def __init__(self) -> None:
        self.settings, self.store = settings(), objects()
        provider = PROVIDERS[self.settings.cluster.device]
        self.model = load(self.settings.pose.variant, weights_dir(), self.settings.pose, provider)
        self.version = pose_version(self.settings)

    def poses(self, clip: str, longest_ms: int | None) -> Posed:
        """See serve.recognition.Recognition."""
        key = keys.keypoints(clip, self.version)
        with self.store.file(keys.source(clip)) as path:
            info = probe(path, self.settings.media)
            if longest_ms is not None and info.duration_ms > longest_ms:
                said = (
                    f"{info.duration_ms} ms are more than the {longest_ms} that are answered at once: upload the clip"
                )
                raise DanceError("TOO_LONG", said)
            if self.store.exists(key):
                return Posed(info, len(unpack_tracks(self.store.get(key))[0]), None)
            began = time.monotonic()
            found = self.tracks(path)
            took = time.monotonic() - began
            if longest_ms is None:
                self._keep_preview(clip, path)
        self.store.put(key, pack_poses(found, self.settings.pose))
        return Posed(info, len(found[0]), len(found[0]) / took)

    def tracks(self, path: Path) -> list[PoseTrack]:
        """Every dancer of the clip in a file."""
        return estimate(frames(path, self.settings.media.rate_hz), self.model, self.settings.pose)

    def _keep_preview(self, clip: str, path: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            gif = Path(folder) / "preview.gif"
            preview(path, gif, self.settings.media)
            self.store.put(keys.preview(clip), gif)


class MoveFinder:
    """Finds moves in poses: by templates and by the classifier, both in one process, because they are weighed against
    each other span by span and together take a tenth of what poses take."""

    def __init__(self) -> None:
        self.settings, self.store, self.pool = settings(), objects(), engine()
        self.shipped = library_ready(self.settings)
        self.pinned: str | None = None
        self._name_by(None)
        music.warm_up(self.settings.music)

    def reconfigure(self, user_config: dict[str, str | None]) -> None:
        """Serve calls this when the replica starts, and when its `user_config` changes: {"model": ID} has clips named
        by that registered model; {"model": None} by what the registry has in production, now and from now on.

        Raises DanceError: OBJECT_MISSING, BAD_BUNDLE.
        """
        self.pinned = user_config["model"]
        self._take_up()

    def check_health(self) -> None:
        """Serve calls this every `health_every_s`: takes up a model that was promoted meanwhile, without a restart. One
        that cannot be had leaves the one that serves."""
        try:
            self._take_up()
        except DanceError as error:
            log.warning("the model in production cannot be taken up: %s", error)

    def _take_up(self) -> None:
        wanted = self.pinned or registry.serving(self.pool).production
        if wanted != self.model_id:
            self._name_by(wanted)
            log.info("%s names clips now", self.library.versions.model)

    def _name_by(self, model_id: str | None) -> None:
        """Have clips named by a registered model; None: by the one beside the taxonomy."""
        named = shipped = self.shipped
        if model_id is not None:
            named = named_by(shipped, stored_bundle(self.store, model_id, shipped.taxonomy.semver))
        classifier = Classifier(named.bundle) if named.bundle else None
        self.library, self.classifier, self.model_id = named, classifier, model_id

    def versions(self) -> Versions:
        """See serve.recognition.Recognition."""
        return self.library.versions

    def features(self, clip: str, versions: Versions) -> None:
        """See serve.recognition.Recognition."""
        self._check(versions)
        key = keys.features(clip, versions.features)
        if not self.store.exists(key):
            poses = self.store.get(keys.keypoints(clip, versions.pose))
            self.store.put(key, pack_features(poses, self.settings.features))

    def segments(self, clip: str, versions: Versions) -> None:
        """See serve.recognition.Recognition."""
        self._check(versions)
        key = keys.segments(clip, versions.model)
        if self.store.exists(key):
            return
        features = self.store.get(keys.features(clip, versions.features))
        with self.store.file(keys.source(clip)) as path:
            heard = hear(path, self.settings.analysis)
        poses, library = self.store.get(keys.keypoints(clip, versions.pose)), self.library
        found = find_segments(
            features, poses, heard, library.bank, self.classifier, library.own, self.settings.analysis,
            versions.features,
        )  # fmt: skip
        if found.differ is not None:
            count_disagreement(**found.differ)
        if found.embeddings is not None:
            self.store.put(keys.embeddings(clip, versions.model), found.embeddings)
        self.store.put(keys.beats(clip, versions.model), pack_beats(heard))
        self.store.put(key, pack_segments(found.segments, versions, self.settings.decoding))

    def _check(self, versions: Versions) -> None:
        if versions != self.library.versions:
            raise DanceError("MODEL_REPLACED", f"{self.library.versions.model} serves now, not {versions.model}")
