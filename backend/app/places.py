"""How much work is taken in at the same time. What does not fit is refused at once, and told when to come again."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Busy(Exception):
    """There is no place. The message is for the user."""


class Places:
    """`uploads` requests at once, of which `jobs` are worked on and `queue` wait, each for `queue_seconds` at most."""

    def __init__(self, uploads: int, jobs: int, queue: int, queue_seconds: float, retry_after_seconds: int) -> None:
        self.uploads = uploads
        self.queue = queue
        self.queue_seconds = queue_seconds
        self.retry_after_seconds = retry_after_seconds
        self.admitted = 0
        self.waiting = 0
        self._jobs = asyncio.Semaphore(jobs)

    @contextmanager
    def upload(self) -> Iterator[None]:
        """A place for a request whose body is not read yet. Raises Busy."""
        if self.admitted >= self.uploads:
            raise Busy("Too many uploads are under way.")
        self._need_room_in_queue()
        self.admitted += 1
        try:
            yield
        finally:
            self.admitted -= 1

    @asynccontextmanager
    async def job(self) -> AsyncIterator[None]:
        """A place to work, in the order of asking. Raises Busy where the queue is full or does not move."""
        self._need_room_in_queue()
        self.waiting += 1
        try:
            async with asyncio.timeout(self.queue_seconds):
                await self._jobs.acquire()
        except TimeoutError as error:
            raise Busy(f"No thumbnail could be begun within {self.queue_seconds:g} seconds.") from error
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._jobs.release()

    def refusal(self, busy: Busy) -> JSONResponse:
        """503 with Retry-After: another task, or this one a little later, has room."""
        headers = {"retry-after": str(self.retry_after_seconds), "connection": "close"}
        return JSONResponse({"detail": str(busy)}, 503, headers)

    def _need_room_in_queue(self) -> None:
        if self._jobs.locked() and self.waiting >= self.queue:
            raise Busy("Too many thumbnails are waiting.")


class Admission:
    """Refuses requests to `path` for which there is no place, before their body is read."""

    def __init__(self, app: ASGIApp, places: Places, path: str) -> None:
        self.app = app
        self.places = places
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", self.path):
            await self.app(scope, receive, send)
            return
        try:
            with self.places.upload():
                await self.app(scope, receive, send)
        except Busy as busy:
            await self.places.refusal(busy)(scope, receive, send)
