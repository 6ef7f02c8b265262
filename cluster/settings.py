"""Settings: `configs/*.yaml` (one file a section, a reason beside each number), overridden by `DANCEAPP_*`.

`DANCEAPP_MEDIA__MAX_BYTES=1000` overrides `max_bytes` of `configs/media.yaml`.
"""

import os
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from dancecore.composer.decoder.settings import DecoderSettings
from dancecore.composer.settings import ComposerSettings
from dancecore.errors import DanceError
from dancecore.lifting.settings import LiftingSettings
from dancecore.settings import (
    AnalysisSettings,
    DatasetSettings,
    DecodingSettings,
    EnrolledSettings,
    EvaluationSettings,
    FeatureSettings,
    MatchingSettings,
    MediaSettings,
    MusicSettings,
    PoseSettings,
    SegmentationSettings,
    TemplateSettings,
    TrainSettings,
)
from dancecore.synthetic.observe_settings import ObserveSettings
from dancecore.synthetic.settings import SyntheticSettings

CONFIGS = Path(__file__).parent.parent / "configs"


@dataclass(frozen=True)
class ClusterSettings:
    """Where Ray is and what each worker may take of it (`configs/cluster.yaml`)."""

    address: str
    device: Literal["auto", "cpu", "gpu"]
    pose_cpus: float
    pose_memory_mb: int
    pose_gpus: float
    pose_gpu_cpus: float
    clips_per_batch: int
    observed_per_batch: int
    max_pose_actors: int
    analysis_cpus: float
    object_store_mb: int


@dataclass(frozen=True)
class IndexSettings:
    """How the indexing job behaves (`configs/index.yaml`)."""

    max_error_share: float
    max_attempts: int
    probe_tasks_per_core: int
    manifest_every_s: float
    report_every_s: float
    calibration_s: float
    in_flight: int


@dataclass(frozen=True)
class DatabaseSettings:
    """How the database is reached (`configs/database.yaml`); where it is says `DANCEAPP_DATABASE_URL`."""

    pool_size: int
    connect_timeout_s: int
    start_timeout_s: float
    attempts: int
    backoff_s: float
    trend_days: int
    search_width: int


@dataclass(frozen=True)
class RegistrySettings:
    """How a model on trial gets its clips and its verdict (`configs/registry.yaml`)."""

    canary_share: float
    stable_h: float
    min_clips: int
    max_disagreement: float
    max_correction_rise: float
    confidence: float

    def __post_init__(self) -> None:
        shares = ("canary_share", "max_disagreement", "max_correction_rise")
        if not all(0 <= getattr(self, name) <= 1 for name in shares) or not 0 < self.confidence < 1:
            raise ValueError(f"{', '.join(shares)} want to be 0..1, confidence between them: {self}")
        if self.stable_h < 0 or self.min_clips < 1:
            raise ValueError(f"stable_h wants to be >= 0, min_clips >= 1: {self}")


@dataclass(frozen=True)
class ObjectsSettings:
    """Where artifacts are kept and how long to wait for them (`configs/objects.yaml`)."""

    url: str
    region: str
    connect_timeout_s: float
    read_timeout_s: float
    attempts: int
    backoff_s: float


class YamlFolder(PydanticBaseSettingsSource):
    """One section for each YAML file, named by the file."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        path = CONFIGS / f"{field_name}.yaml"
        return (yaml.safe_load(path.read_text()) if path.exists() else None), field_name, True

    def __call__(self) -> dict[str, Any]:
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class TrackingSettings:
    """Where trainings are told of besides their own folders (`configs/tracking.yaml`)."""

    uri: str
    experiment: str


@dataclass(frozen=True)
class TuneSettings:
    """What a search over trainings tries (`configs/tune.yaml`); pairs are the ends of ranges."""

    trials: int
    at_once: int
    driver_cpus: float
    grace: int
    keep_one_in: int
    arch: tuple[str, ...]
    learning_rate: tuple[float, float]
    weight_decay: tuple[float, float]
    dropout: tuple[float, float]
    class_power: tuple[float, float]
    smooth_weight: tuple[float, float]


@dataclass(frozen=True)
class ExperimentSettings:
    """Ways of composing that are tried on users beside each other (`configs/experiment.yaml`)."""

    name: str
    variants: dict[str, dict[str, float]]
    session_minutes: float

    def __post_init__(self) -> None:
        if not self.variants:
            raise ValueError("an experiment wants a variant at least")


@dataclass(frozen=True)
class ServeSettings:
    """How the service runs and what it allows (`configs/serve.yaml`)."""

    host: str
    port: int
    cors_origins: tuple[str, ...]
    pose_replicas: int
    pose_replicas_most: int
    pose_ongoing: int
    pose_batch_frames: int
    pose_batch_s: float
    move_replicas: int
    model: str
    ingress_replicas: int
    worker_replicas: int
    pose_cpus: float
    move_cpus: float
    light_cpus: float
    composer_replicas: int
    exporter_replicas: int
    composer_cpus: float
    graph_every_s: float
    ingress_ongoing: int
    streams_at_once: int
    streams_most: int
    max_queued: int
    retry_after_s: float
    health_every_s: float
    health_timeout_s: float
    drain_s: float
    jobs_at_once: int
    exports_at_once: int
    film_max_s: float
    export_hours: float
    link_minutes: float
    job_attempts: int
    job_backoff_s: float
    stalled_after_s: float
    event_poll_s: float
    access_minutes: int
    refresh_days: int
    code_minutes: int
    code_attempts: int
    code_sender: str
    password_min: int
    upload_minutes: int
    abandoned_hours: int
    part_bytes: int
    infer_max_bytes: int
    infer_max_ms: int
    page: int
    page_max: int
    search_likeness: float
    pattern_videos: int
    duplicate_share: float
    calls_per_minute: int
    sign_ins_per_minute: int
    codes_per_mailbox: int
    passwords_per_mailbox: int
    videos_per_day: int
    idempotency_hours: int
    purge_days: int
    tidy_cron: str
    judge_cron: str
    stored_bytes: int
    analyses_queued: int
    exports_queued: int
    outdated_at_once: int
    webhooks_most: int
    webhook_internal: bool
    notices_at_once: int
    notice_attempts: int
    notice_backoff_s: float
    webhook_failing_days: float
    notice_timeout_s: float


@dataclass(frozen=True)
class OidcSettings:
    """The OpenID provider at which users sign in (`configs/oidc.yaml`)."""

    issuer: str
    client_id: str
    scope: str
    minutes: int


class Settings(BaseSettings):
    """All settings of DanceApp."""

    model_config = SettingsConfigDict(env_prefix="DANCEAPP_", env_nested_delimiter="__", frozen=True, extra="ignore")

    media: MediaSettings
    music: MusicSettings
    segmentation: SegmentationSettings
    database: DatabaseSettings
    objects: ObjectsSettings
    database_url: SecretStr = SecretStr("")
    """A PostgreSQL DSN; empty: an embedded server under `home()`. A secret: it may hold a password."""
    slack_url: SecretStr = SecretStr("")
    discord_url: SecretStr = SecretStr("")
    """Incoming webhooks of Slack and Discord, where operators are told of analyses that failed; empty: they are not. A
    secret: who knows such an address may write there."""
    cluster: ClusterSettings
    index: IndexSettings
    pose: PoseSettings
    features: FeatureSettings
    templates: TemplateSettings
    matching: MatchingSettings
    decoding: DecodingSettings
    synthetic: SyntheticSettings
    observe: ObserveSettings
    datasets: DatasetSettings
    enrolled: EnrolledSettings
    lifting: LiftingSettings
    registry: RegistrySettings
    evaluation: EvaluationSettings
    train: TrainSettings
    tune: TuneSettings
    tracking: TrackingSettings
    composer: ComposerSettings
    experiment: ExperimentSettings
    decoder: DecoderSettings
    serve: ServeSettings
    oidc: OidcSettings
    oidc_client_secret: SecretStr = SecretStr("")
    """Proves this service to the OpenID provider."""

    @property
    def operators(self) -> dict[str, str]:
        """Where operators are told of failures: URLs by `slack` and `discord`, those that are set."""
        urls = {"slack": self.slack_url.get_secret_value(), "discord": self.discord_url.get_secret_value()}
        return {place: url for place, url in urls.items() if url}

    @property
    def analysis(self) -> AnalysisSettings:
        """The sections that the way of one clip needs."""
        return AnalysisSettings(**{field.name: getattr(self, field.name) for field in fields(AnalysisSettings)})

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        return init_settings, env_settings, YamlFolder(settings_cls)


@cache
def settings() -> Settings:
    """The settings of this process, read once. Raises DanceError("INVALID_INPUT") for a value that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [("__".join(map(str, each["loc"])).upper(), each["msg"]) for each in error.errors(include_input=False)]
        said = "; ".join(f"DANCEAPP_{name}: {reason}" for name, reason in wrong)
        raise DanceError("INVALID_INPUT", f"a setting cannot be used: {said}") from None  # its text holds what came
    except SettingsError as error:
        raise DanceError("INVALID_INPUT", f"a setting cannot be used: {error}") from error


def home() -> Path:
    """Where DanceApp keeps what it makes: `DANCEAPP_HOME`, by default `~/.danceapp`."""
    return Path(os.environ.get("DANCEAPP_HOME", "~/.danceapp")).expanduser()
