"""Bounds what a request may cost before anything reads it."""

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Refuses bodies past `max_bytes` with 413: at once where the length is announced, else where it is passed."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _announced(scope) > self.max_bytes:
            # The body is not read, so that the connection cannot be used again.
            refusal = JSONResponse({"detail": self._too_large()}, 413, {"connection": "close"})
            await refusal(scope, receive, send)
            return
        received = 0

        async def bounded_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise HTTPException(413, self._too_large(), {"connection": "close"})
            return message

        await self.app(scope, bounded_receive, send)

    def _too_large(self) -> str:
        return f"The request may have at most {self.max_bytes} bytes."


def _announced(scope: Scope) -> int:
    for key, value in scope["headers"]:
        if key == b"content-length" and value.isdigit():
            return int(value)
    return 0
