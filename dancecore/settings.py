"""The numbers each room needs, as frozen dataclasses without defaults: values and their reasons live in `configs/`."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class MediaSettings:
    """Limits of what is accepted, and the analysis rate (`configs/media.yaml`)."""

    rate_hz: int
    max_bytes: int
    min_ms: int
    max_ms: int
    min_side_px: int
    max_side_px: int
    preview_ms: int
    preview_hz: int
    preview_px: int
    preview_colours: int


@dataclass(frozen=True)
class MusicSettings:
    """How beats are found (`configs/music.yaml`)."""

    rate_hz: int
    hop: int
    min_bpm: float
    max_bpm: float
    prior_bpm: float
    prior_octaves: float
    tightness: float
    min_level: float
    even_clarity: float
    min_confidence: float


@dataclass(frozen=True)
class SegmentationSettings:
    """How dances are cut into spans (`configs/segmentation.yaml`)."""

    min_ms: int
    max_ms: int
    penalty: float
    default_bpm: float
    min_joints: int


@dataclass(frozen=True)
class MatchingSettings:
    """How spans are compared with templates (`configs/matching.yaml`)."""

    styles: tuple[str, ...]
    band: float
    tempi: tuple[float, ...]
    phase_beats: float
    same_side: float
    alpha: float
    top: int


@dataclass(frozen=True)
class DecodingSettings:
    """When a reading is believed, and what merges (`configs/decoding.yaml`)."""

    max_distance: float
    max_ratio: float
    merge_gap_ms: int
    high: float
    medium: float
    shortest_ms: int
    longest_ms: int
    segment_penalty: float
    beat_spread: float
    temperature: float
    alternatives: int
    template_weight: float
    classifier_weight: float
    boundary_weight: float
    other_distance: float


@dataclass(frozen=True)
class PoseSettings:
    """How dancers are found, followed and cleaned (`configs/pose.yaml`)."""

    variant: Literal["lite", "full", "heavy"]
    threads: int
    batch_cpu: int
    batch_cuda: int
    max_dancers: int
    search_every: int
    closer_zoom: int
    closer_every: int
    detection_confidence: float
    presence_confidence: float
    suppression_overlap: float
    region_scale: float
    same_dancer: float
    jump: float
    cut_correlation: float
    cut_difference: float
    cut_ratio: float
    motion_floor: float
    joint_confidence: float
    max_gap: int
    smooth_window: int
    smooth_order: int


@dataclass(frozen=True)
class FeatureSettings:
    """How a pose becomes features (`configs/features.yaml`)."""

    scale_window_s: float
    scale_percentile: float
    roll_window_s: float
    roll_anchor: float
    depth_gain: float
    facing_window_s: float
    energy_window_s: float
    clip: float
    peak_prominence: float


@dataclass(frozen=True)
class TemplateSettings:
    """How canonical templates are made of the taxonomy's motions (`configs/templates.yaml`)."""

    views: tuple[float, ...]
    styles: dict[str, tuple[float, float]]
    bpm: float
    width: int
    height: int
    distance: float
    pitch: float
    fov: float
    depth_slope: float
    torso_stretch: float
    signature_floor: float


@dataclass(frozen=True)
class EnrolledSettings:
    """How moves known by exemplars are compared and believed (`configs/enrolled.yaml`)."""

    poses: float
    speeds: float
    way: float
    kind: float
    lifted: float
    limbs: float
    posture: float
    frames: int
    band: float
    whole: float
    alpha: float
    threshold: float
    slope: float


@dataclass(frozen=True)
class DatasetSettings:
    """What a labelled set should have (`configs/datasets.yaml`)."""

    min_moves: int
    min_segments: int
    min_creators: int
    min_sides: int


@dataclass(frozen=True)
class EvaluationSettings:
    """How recognisers are compared (`configs/evaluation.yaml`)."""

    golden_first_seed: int
    golden_clips: int
    gate_drop: float
    tcn_channels: int
    tcn_epochs: int


@dataclass(frozen=True)
class TrainSettings:
    """How the classifier is trained (`configs/train.yaml`)."""

    arch: str
    clips: int
    validation_clips: int
    first_seed: int
    validation_seed: int
    people: int
    held_out: int
    epochs: int
    batch: int
    window: int
    hop: int
    learning_rate: float
    weight_decay: float
    warm_up: int
    clip_gradient: float
    dropout: float
    class_power: float
    focal: float
    boundary_weight: float
    boundary_gain: float
    smooth_weight: float
    smooth_limit: float
    tempo: float
    mirror: float
    jitter: float
    blank: float
    memory: int
    without: tuple[str, ...]
    precision: Literal["auto", "bf16", "fp32"]
    workers: int
    worker_cpus: int
    worker_threads: int
    worker_gpus: int
    object_store_mb: int
    attempts: int
    pool: int
    seed: int


@dataclass(frozen=True)
class AnalysisSettings:
    """All that the way of one clip needs."""

    media: MediaSettings
    music: MusicSettings
    pose: PoseSettings
    features: FeatureSettings
    segmentation: SegmentationSettings
    matching: MatchingSettings
    enrolled: EnrolledSettings
    decoding: DecodingSettings
