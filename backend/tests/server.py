"""The real process, and clients of it that do as a test says."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

BACKEND = Path(__file__).parent.parent
# No test waits this long; it only bounds a test that would hang.
FAR = 60


@dataclass
class Server:
    process: subprocess.Popen[str]
    port: int

    def get(self, path: str) -> tuple[int, dict[str, str]]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=FAR)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def until_ready(self) -> None:
        until(lambda: self.answers("/ready", 200))

    def answers(self, path: str, status: int) -> bool:
        try:
            return self.get(path)[0] == status
        except OSError:
            return False

    def refuses(self) -> bool:
        try:
            self.get("/health")
        except OSError:
            return True
        return False

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def connect(self) -> "Connection":
        return Connection(self.port)


class Connection:
    """A socket: it sends what a well-behaved client would not."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=FAR)

    def send(self, content: bytes) -> None:
        self.socket.sendall(content)

    def receive(self) -> bytes:
        """All that comes until the server closes the connection."""
        content = b""
        while chunk := self.socket.recv(65536):
            content += chunk
        self.close()
        return content

    def is_closed(self) -> bool:
        """Whether the server has closed it, without waiting."""
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1) == b""
        except BlockingIOError:
            return False
        finally:
            self.socket.settimeout(FAR)

    def close(self) -> None:
        self.socket.close()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + FAR
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(port: int, **settings: str) -> dict[str, str]:
    return {
        **{"PATH": os.environ["PATH"], "HOST": "127.0.0.1", "PORT": str(port), "GIT_SHA": "0123abc"},
        # A busy machine may take its time; a test of a clock sets its own.
        **{"BODY_TIMEOUT_SECONDS": str(FAR), "THUMBNAIL_TIMEOUT_SECONDS": str(FAR)},
        **settings,
    }


@contextlib.contextmanager
def serving(**settings: str) -> Iterator[Server]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "app"],
        cwd=BACKEND,
        env=environment(port, **settings),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        server = Server(process, port)
        server.until_ready()
        yield server
    finally:
        process.kill()
        process.communicate()


class Upload:
    """A request that is begun, and sent on at will."""

    def __init__(self, port: int, video: bytes) -> None:
        head = b'--b\r\nContent-Disposition: form-data; name="video"; filename="v"\r\n\r\n'
        self.body = head + video + b"\r\n--b--\r\n"
        self.connection = HTTPConnection("127.0.0.1", port, timeout=FAR)

    def begin(self, trace: str = "Root=1-abc", sent: int = 100) -> None:
        self.connection.putrequest("POST", "/thumbnails?second=1")
        self.connection.putheader("X-Amzn-Trace-Id", trace)
        self.connection.putheader("Content-Type", "multipart/form-data; boundary=b")
        self.connection.putheader("Content-Length", str(len(self.body)))
        self.connection.endheaders(self.body[:sent])

    def finish(self) -> tuple[int, bytes]:
        self.connection.send(self.body[100:])
        return self.answer()

    def answer(self) -> tuple[int, bytes]:
        response = self.connection.getresponse()
        answer = response.status, response.read()
        self.connection.close()
        return answer

    def hang_up(self) -> None:
        self.connection.close()
