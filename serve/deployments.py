"""The deployments that recognise moves. Each adapts functions of dancecore to clips in the object store, no more.

Frames never leave the replica that decodes them; between replicas goes nothing but the id of a clip.
"""

import tempfile
import time
from pathlib import Path

from cluster import keys
from cluster.artifacts import pack_beats, pack_segments
from cluster.database import engine
from cluster.layer import OwnMove, own_moves
from cluster.library import Library, pose_version
from cluster.objects import objects
from cluster.ready import ready
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
from serve.recognition import Posed

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
    each other span by span and together take a tenth of what poses take.

    Moves that are taught meanwhile make another library. Those before stay, for the analyses that were asked for then.
    """

    def __init__(self) -> None:
        self.settings, self.store = settings(), objects()
        self.kept: dict[Versions, tuple[Library, Classifier | None]] = {}
        self._load()
        music.warm_up(self.settings.music)

    def versions(self) -> Versions:
        """See serve.recognition.Recognition."""
        if self.own() != self.taught:
            self._load()
        return self.library.versions

    def own(self) -> list[OwnMove]:
        """The moves that are taught now."""
        return own_moves(engine())

    def make(self) -> Library:
        """The library with the moves that are taught now."""
        return ready(self.settings)

    def _load(self) -> None:
        self.taught, self.library = self.own(), self.make()
        classifier = Classifier(self.library.bundle) if self.library.bundle else None
        self.kept[self.library.versions] = self.library, classifier

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
        found, embeddings = find_segments(
            features,
            poses,
            heard,
            library.bank,
            classifier,
            library.own,
            self.settings.analysis,
            versions.features,
        )
        if embeddings is not None:
            self.store.put(keys.embeddings(clip, versions.model), embeddings)
        self.store.put(keys.beats(clip, versions.model), pack_beats(heard))
        self.store.put(key, pack_segments(found, versions, self.settings.decoding))

    def _at(self, versions: Versions) -> tuple[Library, Classifier | None]:
        if versions not in self.kept:
            self.versions()  # another replica may have learned first
        if versions not in self.kept:
            raise DanceError("MODEL_REPLACED", f"{self.library.versions.model} serves now, not {versions.model}")
        return self.kept[versions]
