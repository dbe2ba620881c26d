"""Work is done only for clients that are still there, and every client that is there gets an answer."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.lifecycle import Lifecycle

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Nobody reads it but the log: nginx's status for a client that has hung up.
CLIENT_GONE = 499


class ClientGone(Exception):
    """The client has hung up."""


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Awaits `work`, whose request must be read to its end. Cancels it and raises ClientGone when the client hangs up."""
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_hangs_up(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientGone
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _hangs_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class LastResponse:
    """While draining, tells clients to make their next request elsewhere, and answers those that are cut off."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle, retry_after_seconds: int) -> None:
        self.app = app
        self.lifecycle = lifecycle
        self.retry_after_seconds = retry_after_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_started = False

        async def close_after(message: Message) -> None:
            nonlocal is_started
            if message["type"] == "http.response.start":
                is_started = True
                if self.lifecycle.phase == "draining":
                    MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        try:
            await self.app(scope, receive, close_after)
        except asyncio.CancelledError:
            # The grace period is over, and Uvicorn cancels what is left.
            if scope["type"] != "http" or is_started or self.lifecycle.phase != "draining":
                raise
            headers = {"retry-after": str(self.retry_after_seconds)}
            cut_off = JSONResponse({"detail": "The service is being stopped."}, 503, headers)
            await cut_off(scope, receive, close_after)
