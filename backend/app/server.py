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

from app.api import create_app
from app.lifecycle import Lifecycle
from app.logs import configuration
from app.settings import Settings

logger = logging.getLogger(__name__)


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
    lifecycle = Lifecycle()
    config = uvicorn.Config(
        create_app(settings, lifecycle),
        host=settings.host,
        port=settings.port,
        log_config=configuration(settings.log_level, settings.git_sha),
        access_log=False,
        timeout_graceful_shutdown=math.floor(settings.grace_seconds),
        # Longer than the 60 seconds of a load balancer, or it could send a request into a closing connection.
        timeout_keep_alive=75,
        server_header=False,
    )
    DrainingServer(config, lifecycle, settings.drain_seconds).run()
