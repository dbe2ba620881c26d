"""What the service reads from its environment, in one place."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Left between the end of the grace period and SIGKILL, for closing down.
MARGIN_SECONDS = 2.0


class Settings(BaseModel):
    """The settings. Each is an environment variable of the same name in capitals."""

    model_config = ConfigDict(frozen=True)

    host: str = "0.0.0.0"
    port: int = Field(default=8000, ge=1, le=65535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    # The commit that the image was built from; the Dockerfile bakes it in.
    git_sha: str = "unknown"
    # As `stopTimeout` in the task definition: ECS sends SIGKILL this long after SIGTERM.
    stop_timeout_seconds: float = Field(default=30, ge=4, le=120)
    # After SIGTERM, new requests are still answered for this long, while /ready says 503.
    drain_seconds: float = Field(default=5, ge=0)
    max_upload_bytes: int = Field(default=64 * 1024 * 1024, ge=1)
    # Bounds ffprobe and ffmpeg together, for one thumbnail.
    thumbnail_timeout_seconds: float = Field(default=15, gt=0)
    # Thumbnails that are made at the same time; further requests wait for a place.
    thumbnail_jobs: int = Field(default=2, ge=1)

    @model_validator(mode="after")
    def _drain_fits(self) -> Self:
        if self.grace_seconds < 1:
            raise ValueError(
                "DRAIN_SECONDS must leave at least 1 second of STOP_TIMEOUT_SECONDS for requests in flight"
            )
        return self

    @property
    def grace_seconds(self) -> float:
        """How long requests in flight may take once no new ones are accepted."""
        return self.stop_timeout_seconds - self.drain_seconds - MARGIN_SECONDS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Reads the settings. Raises pydantic's ValidationError, which names each bad value."""
        given = {name: environment[name.upper()] for name in cls.model_fields if environment.get(name.upper())}
        if "log_level" in given:
            given["log_level"] = given["log_level"].upper()
        return cls.model_validate(given)
