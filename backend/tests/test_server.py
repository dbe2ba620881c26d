"""The real process: logs, health check, and the two steps of its end."""

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

import pytest

BACKEND = Path(__file__).parent.parent
# No test waits this long; it only bounds a test that would hang.
FAR = 30


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
    return {"PATH": os.environ["PATH"], "HOST": "127.0.0.1", "PORT": str(port), "GIT_SHA": "0123abc", **settings}


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

    def begin(self) -> None:
        self.connection.putrequest("POST", "/thumbnails?second=1")
        self.connection.putheader("X-Amzn-Trace-Id", "Root=1-abc")
        self.connection.putheader("Content-Type", "multipart/form-data; boundary=b")
        self.connection.putheader("Content-Length", str(len(self.body)))
        self.connection.endheaders(self.body[:100])

    def finish(self) -> tuple[int, bytes]:
        self.connection.send(self.body[100:])
        response = self.connection.getresponse()
        answer = response.status, response.read()
        self.connection.close()
        return answer


def test_a_request_in_flight_survives_the_end_of_the_server(video: Path) -> None:
    with serving(DRAIN_SECONDS="0.5", STOP_TIMEOUT_SECONDS="30") as server:
        uploads = [Upload(server.port, video.read_bytes()) for _ in range(5)]
        for upload in uploads:
            upload.begin()
        server.terminate()
        until(server.refuses)
        answers = [upload.finish() for upload in uploads]
        assert [status for status, _ in answers] == [200] * 5
        assert all(jpeg.startswith(b"\xff\xd8\xff") for _, jpeg in answers)
        assert server.process.wait(FAR) == 0


def test_while_draining_it_answers_and_asks_for_no_more(ffmpeg: str) -> None:
    with serving(DRAIN_SECONDS="20", STOP_TIMEOUT_SECONDS="60") as server:
        server.terminate()
        until(lambda: server.answers("/ready", 503))
        assert server.get("/ready") == (503, {"status": "draining"})
        assert server.get("/health") == (200, {"status": "ok"})
        # Who is in a hurry sends the signal once more.
        server.terminate()
        assert server.process.wait(FAR) in (0, -signal.SIGTERM)


def test_a_request_that_never_ends_does_not_outlast_the_stop_timeout(video: Path) -> None:
    with serving(DRAIN_SECONDS="0", STOP_TIMEOUT_SECONDS="4") as server:
        upload = Upload(server.port, video.read_bytes())
        upload.begin()
        server.terminate()
        assert server.process.wait(FAR) == 0
        upload.connection.close()


def test_each_line_of_the_log_is_a_json_object(video: Path) -> None:
    with serving(DRAIN_SECONDS="0") as server:
        upload = Upload(server.port, b"no video")
        upload.begin()
        assert upload.finish()[0] == 415
        server.terminate()
        out, _ = server.process.communicate(timeout=FAR)
    lines = [json.loads(line) for line in out.splitlines()]
    assert all({"time", "level", "logger", "message", "version"} <= line.keys() for line in lines)
    requests = [line for line in lines if line["logger"] == "app.access"]
    # Probes that were answered well are not shown.
    assert [(r["method"], r["path"], r["status"]) for r in requests if r["path"] != "/ready"] == [
        ("POST", "/thumbnails", 415)
    ]
    assert requests[-1]["trace_id"] == "Root=1-abc"
    assert all(line["version"] == "0123abc" for line in lines)


def test_the_health_check_of_the_container_tells_a_live_server_from_none(ffmpeg: str) -> None:
    with serving(DRAIN_SECONDS="0") as server:
        check = [sys.executable, "-m", "app.healthcheck"]
        assert subprocess.run(check, cwd=BACKEND, env=environment(server.port), check=False).returncode == 0
    assert subprocess.run(check, cwd=BACKEND, env=environment(free_port()), check=False).returncode == 1


def test_a_wrong_setting_ends_it_with_a_sentence() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "app"],
        cwd=BACKEND,
        env=environment(free_port(), MAX_UPLOAD_BYTES="much"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("Invalid environment: MAX_UPLOAD_BYTES: ")
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_interface_describes_itself(ffmpeg: str, path: str) -> None:
    with serving(DRAIN_SECONDS="0") as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=FAR)
        connection.request("GET", path)
        with connection.getresponse() as response:
            assert response.status == 200
        connection.close()
