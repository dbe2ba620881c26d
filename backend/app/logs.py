"""Logs: one JSON object a line on stdout, for people and for CloudWatch Logs Insights."""

import logging
import time
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from starlette.types import ASGIApp, Message, Receive, Scope, Send

access = logging.getLogger("app.access")

# Asked every few seconds by load balancers and ECS: shown at DEBUG only.
PROBES = frozenset({"/health", "/ready"})
# What a client writes is logged up to this length: a line costs money, and CloudWatch refuses very long ones.
LONGEST = 256


def configuration(level: str, version: str) -> dict[str, Any]:
    """The logging configuration of the service and of Uvicorn, as `logging.config.dictConfig` takes it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "format": "%(levelname)s %(name)s %(message)s",
                "rename_fields": {"levelname": "level", "name": "logger"},
                "static_fields": {"version": version},
                "exc_info_as_array": True,
                "timestamp": "time",
                # Uvicorn's copy of the message with terminal colours.
                "reserved_attrs": [*RESERVED_ATTRS, "color_message"],
            }
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
        "root": {"level": level, "handlers": ["stdout"]},
        # Requests are logged by AccessLog, with fields.
        "loggers": {"uvicorn.access": {"level": "CRITICAL"}},
    }


class AccessLog:
    """Logs each request once its response is sent, or once it failed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def remember_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, remember_status)
        finally:
            access.log(
                logging.DEBUG if scope["path"] in PROBES and status < 500 else logging.INFO,
                "request",
                extra={
                    "method": scope["method"],
                    "path": scope["path"][:LONGEST],
                    "status": status,
                    "duration_ms": round((time.perf_counter() - started) * 1000, 1),
                    **_trace(scope),
                },
            )


def _trace(scope: Scope) -> dict[str, str]:
    """The id that the load balancer gave the request, where it came through one."""
    return {"trace_id": value[:LONGEST].decode("latin-1") for name, value in scope["headers"] if name == b"x-amzn-trace-id"}
