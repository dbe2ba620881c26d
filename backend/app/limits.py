"""Bounds what the body of a request may cost before anything reads it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# How long the rest of a refused body is read and thrown away: closing earlier could take the answer from the client.
LINGER_SECONDS = 5.0


# Parts of a form. Each file keeps up to 1 MiB in memory and each field all of itself, so that a body of many parts
# would be in memory as a whole.
MAX_FILES = 1
MAX_FIELDS = 8
MAX_FIELD_BYTES = 1024


class OneFile(APIRoute):
    """A route whose form has one file and a few short fields. Others are refused with 400 at the part that is too much."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            return await handle(_BoundedForm(request.scope, request.receive))

        return bounded


class _BoundedForm(Request):
    def form(self, **_: Any) -> Any:
        return super().form(max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES)


class BodyLimit:
    """Refuses bodies past `max_bytes` with 413: at once where the length is announced, else where it is passed.

    Refuses with 408 a client that is silent for `silence_seconds`, or that sends for longer than `total_seconds`. Only
    the time that is spent on waiting for the client counts.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, silence_seconds: float, total_seconds: float) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.silence_seconds = silence_seconds
        self.total_seconds = total_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _announced(scope) > self.max_bytes:
            refusal = JSONResponse({"detail": self._too_large()}, 413, {"connection": "close"})
            await refusal(scope, receive, send)
            return
        received = 0
        waited = 0.0
        is_complete = False

        async def bounded_receive() -> Message:
            nonlocal received, waited, is_complete
            if is_complete:
                # All that can follow is that the client has gone, which may take as long as it likes.
                return await receive()
            clock = asyncio.get_running_loop()
            started = clock.time()
            try:
                async with asyncio.timeout(min(self.silence_seconds, self.total_seconds - waited)):
                    message = await receive()
            except TimeoutError as error:
                raise HTTPException(408, "The body takes too long.", {"connection": "close"}) from error
            waited += clock.time() - started
            received += len(message.get("body", b""))
            is_complete = not message.get("more_body", False)
            if received > self.max_bytes:
                raise HTTPException(413, self._too_large(), {"connection": "close"})
            return message

        await self.app(scope, bounded_receive, send)

    def _too_large(self) -> str:
        return f"The request may have at most {self.max_bytes} bytes."


class LingeringClose:
    """Reads on for a while after an answer to a request that is not all there, which is the last of its connection.

    A socket that is closed while bytes lie unread in it sends a reset, which can overtake the answer: a load balancer
    makes a 502 of that.
    """

    def __init__(self, app: ASGIApp, seconds: float = LINGER_SECONDS) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_complete = _has_no_body(scope)

        async def noting_receive() -> Message:
            nonlocal is_complete
            message = await receive()
            is_complete = not message.get("more_body", False)
            return message

        async def lingering_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                if not is_complete:
                    MutableHeaders(scope=message)["connection"] = "close"
            elif not is_complete and not message.get("more_body", False):
                await send({**message, "more_body": True})
                await rest()
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        async def rest() -> None:
            try:
                async with asyncio.timeout(self.seconds):
                    while not is_complete:
                        await noting_receive()
            except TimeoutError:
                return

        await self.app(scope, noting_receive, lingering_send)


def _announced(scope: Scope) -> int:
    for key, value in scope["headers"]:
        if key == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _has_no_body(scope: Scope) -> bool:
    return _announced(scope) == 0 and not any(key == b"transfer-encoding" for key, _ in scope["headers"])
