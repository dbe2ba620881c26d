"""Bounds of a connection: how many there are, how long the head of a request may take, and how large it may be.

Uvicorn bounds neither the time of a head nor the number of connections that send none. What it does have (keep-alive,
the largest head) it is told by its own settings.
"""

import asyncio
import json
from dataclasses import dataclass

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol


@dataclass(frozen=True)
class ConnectionLimits:
    """`header_seconds` runs from the first byte of a request to the end of its head."""

    connections: int
    header_seconds: float
    retry_after_seconds: int


def bounded_protocol(limits: ConnectionLimits) -> type[H11Protocol]:
    """The protocol for `uvicorn.Config(http=...)`, which makes one instance for each connection."""

    class BoundedProtocol(H11Protocol):
        used_at: float = 0
        header_deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.used_at = self.loop.time()
            if not self._has_room():
                self._answer(503, "There are too many connections.", retry_after=limits.retry_after_seconds)
                return
            # Uvicorn starts this clock only after the first response.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

        def data_received(self, data: bytes) -> None:
            self.used_at = self.loop.time()
            super().data_received(data)
            self._set_clock()

        def on_response_complete(self) -> None:
            self.used_at = self.loop.time()
            super().on_response_complete()
            # What nobody reads would come for as long as the client likes: no clock runs for it, and no next request
            # can follow it.
            if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
                self.transport.close()
                return
            # The next head may be there in part.
            self._set_clock()

        def _set_clock(self) -> None:
            """The clock runs while there is a part of a head, and is not set back by more of it."""
            if self.transport.is_closing() or not self.awaits_head or not self.conn.trailing_data[0]:
                self._stop_clock()
            elif self.header_deadline is None:
                self.header_deadline = self.loop.call_later(limits.header_seconds, self._head_is_late)

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_clock()
            super().connection_lost(exc)
            # Where the connection broke, Uvicorn lets this clock run on.
            self._unset_keepalive_if_required()

        def send_400_response(self, msg: str) -> None:
            too_long = len(self.conn.trailing_data[0]) > (self.config.h11_max_incomplete_event_size or 0)
            self._answer(431, "The headers are too large.") if too_long else self._answer(400, msg)

        @property
        def awaits_head(self) -> bool:
            """Whether it has nothing to do: no request, or one whose head is not complete."""
            return self.conn.their_state is h11.IDLE and (self.cycle is None or self.cycle.response_complete)

        def _has_room(self) -> bool:
            """At the limit, whoever has been without a request for longest makes room."""
            open_ones = [it for it in self.connections if not it.transport.is_closing()]
            if len(open_ones) <= limits.connections:
                return True
            idle = [it for it in open_ones if isinstance(it, BoundedProtocol) and it is not self and it.awaits_head]
            if not idle:
                return False
            min(idle, key=lambda it: it.used_at).timeout_keep_alive_handler()
            return True

        def _head_is_late(self) -> None:
            if not self.transport.is_closing():
                self._answer(408, "The headers take too long.")

        def _stop_clock(self) -> None:
            if self.header_deadline is not None:
                self.header_deadline.cancel()
                self.header_deadline = None

        def _answer(self, status: int, detail: str, retry_after: int | None = None) -> None:
            """The last words of a connection, where no answer has been begun: in the middle of one there are none."""
            if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
                self.transport.close()
                return
            body = json.dumps({"detail": detail}).encode()
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ]
            if retry_after is not None:
                headers.append((b"retry-after", str(retry_after).encode()))
            response = h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status])
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

    return BoundedProtocol
