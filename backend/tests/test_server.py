"""The real process: logs, health check, and the two steps of its end."""

import json
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.server import BACKEND, FAR, Upload, environment, free_port, serving, until


def test_a_request_in_flight_survives_the_end_of_the_server(video: Path) -> None:
    # A slow machine must not send a request away for having queued: what is tested is the end of the server.
    with serving(DRAIN_SECONDS="0.5", STOP_TIMEOUT_SECONDS="90", QUEUE_SECONDS="60") as server:
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


def test_what_is_cut_off_at_the_end_is_told_to_come_again(video: Path) -> None:
    with serving(DRAIN_SECONDS="0", STOP_TIMEOUT_SECONDS="4") as server:
        uploads = [Upload(server.port, video.read_bytes()) for _ in range(3)]
        for upload in uploads:
            upload.begin()
        server.terminate()
        responses = [upload.connection.getresponse() for upload in uploads]
        assert [response.status for response in responses] == [503] * 3
        assert {response.headers["connection"] for response in responses} == {"close"}
        assert all(int(response.headers["retry-after"]) >= 1 for response in responses)
        assert server.process.wait(FAR) == 0
        out, _ = server.process.communicate(timeout=FAR)
        for upload in uploads:
            upload.hang_up()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["status"] for line in lines if line.get("path") == "/thumbnails"] == [503] * 3
    errors = [line for line in lines if line["level"] == "ERROR"]
    assert [line["message"] for line in errors] == ["Cancel 3 running task(s), timeout graceful shutdown exceeded"]
    assert not any("exc_info" in line for line in lines)


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


def test_what_a_client_writes_is_logged_up_to_a_length(ffmpeg: str) -> None:
    with serving(DRAIN_SECONDS="0") as server:
        upload = Upload(server.port, b"no video")
        upload.begin(trace="x" * 8000)
        assert upload.finish()[0] == 415
        assert server.get("/" + "y" * 8000)[0] == 404
        server.terminate()
        out, _ = server.process.communicate(timeout=FAR)
    requests = [json.loads(line) for line in out.splitlines() if '"app.access"' in line]
    assert [len(line["trace_id"]) for line in requests if "trace_id" in line] == [256]
    assert max(len(line["path"]) for line in requests) == 256


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
@pytest.mark.parametrize(("settings", "status"), [({"DOCS": "true"}, 200), ({}, 404)])
def test_the_interface_describes_itself_where_it_is_asked_to(
    ffmpeg: str, path: str, settings: dict[str, str], status: int
) -> None:
    with serving(DRAIN_SECONDS="0", **settings) as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=FAR)
        connection.request("GET", path)
        with connection.getresponse() as response:
            assert response.status == status
        connection.close()
