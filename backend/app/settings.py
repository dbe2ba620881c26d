"""What the service reads from its environment, and the bounds that follow from the size of the task."""

import math
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Memory of the server itself with every connection and every upload that it takes, measured by the load test.
SERVER_MIB = 256
# What ffmpeg needs besides the frames that it decodes, and bytes of a pixel in 17 frames of 10 bits (HEVC's most).
FFMPEG_MIB = 64
BYTES_PER_PIXEL = 48
# More memory makes no thumbnail better: 512 MiB decode 4096x2304.
THUMBNAIL_MIB = 512
# One decodes while the other reads or writes.
JOBS_PER_CPU = 2


class Settings(BaseModel):
    """The settings. Each is an environment variable of the same name in capitals. None: derived, see the properties."""

    model_config = ConfigDict(frozen=True)

    host: str = "0.0.0.0"
    port: int = Field(default=8000, ge=1, le=65535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    # The commit that the image was built from; the Dockerfile bakes it in.
    git_sha: str = "unknown"
    # Whether /docs and /openapi.json are answered.
    docs: bool = False

    # `cpu` and `memory` of the task definition: CPU units (1024 are one vCPU) and MiB.
    task_cpu: int = Field(default=1024, ge=128)
    task_memory_mib: int = Field(default=2048, ge=512)

    # As `stopTimeout` in the task definition: ECS sends SIGKILL this long after SIGTERM.
    stop_timeout_seconds: float = Field(default=30, ge=2, le=120)
    # After SIGTERM, new requests are still answered for this long, while /ready says 503.
    drain_seconds: float | None = Field(default=None, ge=0)
    # Longer than the load balancer keeps an idle connection, or it would send a request into a closing one.
    keep_alive_seconds: int = Field(default=65, ge=1, le=4600)

    max_connections: int = Field(default=512, ge=16)
    # From the first byte of a request to the end of its headers.
    header_timeout_seconds: float = Field(default=10, gt=0)
    max_header_bytes: int = Field(default=16 * 1024, ge=1024)
    max_upload_bytes: int = Field(default=64 * 1024 * 1024, ge=1)
    # Longest silence of a client that sends a body, and longest time for all of the body.
    body_timeout_seconds: float = Field(default=10, gt=0)
    upload_timeout_seconds: float = Field(default=120, gt=0)

    # Thumbnail requests that are taken in at the same time: being sent, waiting and being made.
    max_uploads: int = Field(default=64, ge=1)
    # Of those, requests whose video is there and that wait for a job, and how long each may wait.
    max_queue: int = Field(default=16, ge=1)
    queue_seconds: float = Field(default=5, gt=0)
    # Bounds ffprobe and ffmpeg together, for one thumbnail.
    thumbnail_timeout_seconds: float = Field(default=15, gt=0)
    thumbnail_memory_mib: int | None = Field(default=None, ge=128)
    # Thumbnails that are made at the same time.
    thumbnail_jobs: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.grace_seconds < 1:
            raise ValueError(
                "DRAIN_SECONDS must leave at least 1 second of STOP_TIMEOUT_SECONDS for requests in flight"
            )
        needed = SERVER_MIB + self.jobs * self.job_memory_mib
        if needed > self.task_memory_mib:
            raise ValueError(
                f"{self.jobs} thumbnails of {self.job_memory_mib} MiB beside {SERVER_MIB} MiB of the server need "
                f"{needed} MiB: TASK_MEMORY_MIB has {self.task_memory_mib}"
            )
        if self.max_pixels < 1:
            raise ValueError(f"THUMBNAIL_MEMORY_MIB must be more than {FFMPEG_MIB}")
        return self

    @property
    def drained_after_seconds(self) -> float:
        """How long new requests are answered after SIGTERM: a sixth of the time until SIGKILL, 5 seconds at most."""
        return min(5.0, self.stop_timeout_seconds / 6) if self.drain_seconds is None else self.drain_seconds

    @property
    def margin_seconds(self) -> float:
        """Left between the end of the grace period and SIGKILL, for the last answers and for closing down."""
        return min(5.0, max(0.5, self.stop_timeout_seconds / 6))

    @property
    def grace_seconds(self) -> float:
        """How long requests in flight may take once no new ones are accepted."""
        return self.stop_timeout_seconds - self.drained_after_seconds - self.margin_seconds

    @property
    def job_memory_mib(self) -> int:
        """The memory that ffmpeg may take for one thumbnail: 512 MiB, less where the task has no room for it."""
        if self.thumbnail_memory_mib is not None:
            return self.thumbnail_memory_mib
        return min(THUMBNAIL_MIB, self.task_memory_mib - SERVER_MIB)

    @property
    def jobs(self) -> int:
        """How many thumbnails are made at the same time: two a vCPU, as far as the memory of the task goes."""
        if self.thumbnail_jobs is not None:
            return self.thumbnail_jobs
        by_cpu = JOBS_PER_CPU * math.ceil(self.task_cpu / 1024)
        by_memory = (self.task_memory_mib - SERVER_MIB) // self.job_memory_mib
        return max(1, min(by_cpu, by_memory))

    @property
    def max_pixels(self) -> int:
        """Pixels of the largest frame that is decoded: what the memory of one thumbnail holds."""
        return (self.job_memory_mib - FFMPEG_MIB) * 1024 * 1024 // BYTES_PER_PIXEL

    @property
    def retry_after_seconds(self) -> int:
        """What a refused client is told to wait: by then the queue has been worked off or given up."""
        return math.ceil(self.queue_seconds)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Reads the settings. Raises pydantic's ValidationError, which names each bad value."""
        given = {name: environment[name.upper()] for name in cls.model_fields if environment.get(name.upper())}
        if "log_level" in given:
            given["log_level"] = given["log_level"].upper()
        return cls.model_validate(given)
