"""What a connection may cost, with clients that do not behave."""

import contextlib
import json
from http.client import HTTPConnection
from os import environ
from pathlib import Path

import pytest

from tests.server import FAR, Upload, serving, until

HALF = b"GET /health HTTP/1.1\r\nHost: x"
BEGUN = b"\r\n".join(
    [
        b"POST /thumbnails HTTP/1.1",
        b"Host: x",
        b"Content-Type: multipart/form-data; boundary=b",
        b"Content-Length: 1000",
        b"Expect: 100-continue",
        b"\r\n",
    ]
)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_head_that_is_not_finished_is_answered_408(ffmpeg: str) -> None:
    with serving(HEADER_TIMEOUT_SECONDS="0.2") as server:
        connection = server.connect()
        connection.send(HALF)
        answer = connection.receive()
    assert status_of(answer) == 408
    assert b"connection: close" in answer.lower()


def test_the_second_head_of_a_connection_has_a_clock_too(ffmpeg: str) -> None:
    with serving(HEADER_TIMEOUT_SECONDS="0.2") as server:
        connection = server.connect()
        connection.send(HALF + b"\r\n\r\n" + HALF)
        answer = connection.receive()
    assert status_of(answer) == 200
    assert b"HTTP/1.1 408 " in answer


def test_a_head_in_pieces_is_fine(ffmpeg: str) -> None:
    with serving() as server:
        connection = server.connect()
        connection.send(HALF)
        connection.send(b"\r\nConnection: close\r\n\r\n")
        assert status_of(connection.receive()) == 200


def test_a_head_that_is_too_large_is_answered_431(ffmpeg: str) -> None:
    with serving(MAX_HEADER_BYTES="2048") as server:
        connection = server.connect()
        connection.send(HALF + b"\r\nX-Long: " + b"x" * 4096)
        assert status_of(connection.receive()) == 431


def test_what_is_no_request_is_answered_400(ffmpeg: str) -> None:
    with serving() as server:
        connection = server.connect()
        connection.send(b"hello\r\n\r\n")
        assert status_of(connection.receive()) == 400


def test_a_connection_without_a_request_is_closed(ffmpeg: str) -> None:
    with serving(KEEP_ALIVE_SECONDS="1") as server:
        assert server.connect().receive() == b""


def test_connections_without_a_request_make_room_for_others(ffmpeg: str) -> None:
    with serving(MAX_CONNECTIONS="16") as server, contextlib.ExitStack() as stack:
        silent = [stack.enter_context(contextlib.closing(server.connect())) for _ in range(12)]
        half = [stack.enter_context(contextlib.closing(server.connect())) for _ in range(12)]
        for connection in half:
            connection.send(HALF)
        until(lambda: sum(connection.is_closed() for connection in silent + half) == 8)
        # Those that have waited longest have gone.
        assert [connection.is_closed() for connection in silent[:8]] == [True] * 8
        assert server.get("/health")[0] == 200


def test_where_every_connection_has_a_request_a_new_one_is_told_to_come_again(ffmpeg: str) -> None:
    with serving(MAX_CONNECTIONS="16") as server, contextlib.ExitStack() as stack:
        busy = [stack.enter_context(contextlib.closing(server.connect())) for _ in range(16)]
        for connection in busy:
            connection.send(BEGUN)
            # So the request is known to be worked on.
            assert connection.socket.recv(1000).startswith(b"HTTP/1.1 100 ")
        answer = server.connect().receive()
        assert status_of(answer) == 503
        assert b"retry-after: 5\r\n" in answer.lower()
        busy[0].close()
        until(lambda: server.answers("/health", 200))
        assert [connection.is_closed() for connection in busy[1:]] == [False] * 15


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [("/health", "text/plain", 405), ("/nowhere", "text/plain", 404), ("/thumbnails", "application/json", 422)],
)
def test_a_body_that_nobody_reads_holds_no_connection(ffmpeg: str, path: str, kind: str, status: int) -> None:
    with serving() as server:
        connection = server.connect()
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 1000\r\n\r\n"
        connection.send(head.encode())
        answer = connection.socket.recv(1000)
        # A client that sends on, and never all of it. The read ends with the connection.
        connection.send(b"x")
        connection.receive()
    assert status_of(answer) == status
    assert b"connection: close" in answer.lower()


def test_a_body_that_breaks_after_the_answer_ends_the_connection_without_an_error(ffmpeg: str) -> None:
    with serving(DRAIN_SECONDS="0") as server:
        connection = server.connect()
        connection.send(b"POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert status_of(connection.socket.recv(1000)) == 405
        connection.send(b"this is no chunk\r\n")
        connection.receive()
        server.terminate()
        assert server.process.stdout is not None
        assert '"ERROR"' not in server.process.stdout.read()


def test_a_silent_body_is_answered_408(video: Path) -> None:
    with serving(BODY_TIMEOUT_SECONDS="0.2") as server:
        upload = Upload(server.port, video.read_bytes())
        upload.begin()
        assert upload.answer()[0] == 408


def test_without_a_place_an_upload_is_refused_before_it_is_sent(video: Path) -> None:
    with serving(MAX_UPLOADS="1") as server:
        first = Upload(server.port, video.read_bytes())
        first.begin()
        connection = HTTPConnection("127.0.0.1", server.port, timeout=FAR)

        def is_refused() -> bool:
            second = Upload(server.port, video.read_bytes())
            second.begin()
            response = second.connection.getresponse()
            told = response.status, response.headers["retry-after"], json.loads(response.read())
            second.hang_up()
            return told == (503, "5", {"detail": "Too many uploads are under way."})

        until(is_refused)
        connection.request("GET", "/ready")
        assert connection.getresponse().status == 200
        connection.close()
        assert first.finish()[0] == 200


def test_the_answer_to_an_upload_that_is_too_large_arrives(ffmpeg: str) -> None:
    with serving(MAX_UPLOAD_BYTES="1000") as server:
        upload = Upload(server.port, bytes(8_000_000))
        # All of it, although nobody wants it: the answer must not be lost in a reset.
        upload.begin(sent=len(upload.body))
        assert upload.answer()[0] == 413


def test_work_ends_with_its_client(ffmpeg: str, tmp_path: Path) -> None:
    for name in ("ffprobe", "ffmpeg"):
        program = tmp_path / name
        program.write_text(
            f'#!/bin/sh\n[ "$1" = -version ] && exit 0\nmkdir {tmp_path}/pid-$$\nexec sleep 600\n'
        )
        program.chmod(0o755)
    with serving(PATH=f"{tmp_path}:{environ['PATH']}", THUMBNAIL_TIMEOUT_SECONDS="500") as server:
        uploads = [Upload(server.port, b"a video") for _ in range(4)]
        for upload in uploads:
            upload.begin(sent=1000)
        until(lambda: len(list(tmp_path.glob("pid-*"))) == 2)
        for upload in uploads:
            upload.hang_up()
        until(lambda: not any(Path("/proc", it.name.removeprefix("pid-")).exists() for it in tmp_path.glob("pid-*")))
        server.terminate()
        out, _ = server.process.communicate(timeout=FAR)
    requests = [json.loads(line) for line in out.splitlines() if '"/thumbnails"' in line]
    assert [line["status"] for line in requests] == [499] * 4
