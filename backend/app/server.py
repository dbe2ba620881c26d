"""Uvicorn with an end in two steps, so that no request is lost when ECS stops a task.

SIGTERM: /ready says 503, and everything is still answered for DRAIN_SECONDS; then no connection is accepted any more,
and what is in flight may finish. Both fit into STOP_TIMEOUT_SECONDS, after which ECS sends SIGKILL.
"""

import logging
import math
import signal
import time
from types import FrameType

import uvicorn

from app.api import bounds_of, create_app
from app.connections import ConnectionLimits, bounded_protocol
from app.lifecycle import Lifecycle
from app.logs import configuration
from app.settings import Settings

logger = logging.getLogger(__name__)

# Connections that the kernel holds while the server is busy.
BACKLOG = 128


class DrainingServer(uvicorn.Server):
    """Ends with exit status 0 after SIGTERM. A second signal, and SIGINT, end the first step at once."""

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, drain_seconds: float) -> None:
        super().__init__(config)
        self.lifecycle = lifecycle
        self.drain_seconds = drain_seconds
        self.closes_at = math.inf

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM and self.lifecycle.phase != "draining":
            self.lifecycle.drain()
            self.closes_at = time.monotonic() + self.drain_seconds
        else:
            self.lifecycle.drain()
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if time.monotonic() >= self.closes_at:
            self.should_exit = True
        return await super().on_tick(counter)


def serve(settings: Settings) -> None:
    """Serves until a signal ends it."""
    lifecycle = Lifecycle(bounds_of(settings))
    limits = ConnectionLimits(
        settings.max_connections, settings.header_timeout_seconds, settings.retry_after_seconds
    )
    config = uvicorn.Config(
        create_app(settings, lifecycle),
        host=settings.host,
        port=settings.port,
        http=bounded_protocol(limits),
        ws="none",
        backlog=BACKLOG,
        log_config=configuration(settings.log_level, settings.git_sha),
        access_log=False,
        h11_max_incomplete_event_size=settings.max_header_bytes,
        timeout_graceful_shutdown=math.floor(settings.grace_seconds),
        timeout_keep_alive=settings.keep_alive_seconds,
        server_header=False,
    )
    DrainingServer(config, lifecycle, settings.drained_after_seconds).run()
