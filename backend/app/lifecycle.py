"""Whether the service wants requests. /ready says it, and the server moves it along."""

import asyncio
import logging
import tempfile
from typing import Literal

from app.thumbnails import Bounds, runs

logger = logging.getLogger(__name__)

Phase = Literal["starting", "ready", "unable", "draining"]


class Lifecycle:
    """starting -> ready (or unable) -> draining. Draining is never left."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.phase: Phase = "starting"

    async def warm_up(self) -> None:
        """Becomes ready once what a request needs is there: ffmpeg, ffprobe, and a folder for uploads."""
        missing = [name for name in ("ffmpeg", "ffprobe") if not await runs(name, self.bounds)]
        if not await asyncio.to_thread(_can_write_temporary_files):
            missing.append("a writable temporary folder")
        if self.phase == "draining":
            return
        self.phase = "unable" if missing else "ready"
        if missing:
            logger.error("not ready: something is missing", extra={"missing": missing})
        else:
            logger.info("ready")

    def drain(self) -> None:
        """From now on /ready asks load balancers to send requests elsewhere."""
        self.phase = "draining"


def _can_write_temporary_files() -> bool:
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
    except OSError:
        return False
    return True
