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
from dancecore.pose import estimate, load
from dancecore.pose.packing import unpack_tracks
from dancecore.types import PoseTrack, Versions
from serve.metrics import count_disagreement
from serve.recognition import Posed
from serve.telling import tell

log = logging.getLogger("danceapp.models")

PROVIDERS = {"auto": "auto", "cpu": "cpu", "gpu": "cuda"}
"""What ONNX Runtime runs on, by `device` of configs/cluster.yaml."""

KEPT = 4
"""Libraries that stay in memory, some 50 MB each."""


class PoseEstimator:
    """Looks at clips: what they are, a preview, and where the joints of every dancer are in each frame."""

    def __init__(self) -> None:
        tell("pose")
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
        that cannot be had leaves the one that serves."""
        try:
            self._take_up()
        except DanceError as error:
            log.warning("the model in production cannot be taken up: %s", error)

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
