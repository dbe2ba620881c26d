"""The bounds of ffmpeg, and whose fault it is when it does not end well."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.thumbnails import Bounds, Ended, NotAVideo, TooHeavy, _run, runs, thumbnail
from tests.conftest import generate
from tests.test_api import client, size_of, upload

BOUNDS = Bounds(seconds=30, memory_mib=512, pixels=9_000_000)
MEBIBYTE = 1024 * 1024


def run(argv: list[str], bounds: Bounds = BOUNDS) -> Ended:
    return asyncio.run(_run(argv, bounds))


def make(video: Path, bounds: Bounds) -> bytes:
    with video.open("rb") as file:
        return asyncio.run(thumbnail(file, 0, bounds))


def test_a_child_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    names = {line.split("=")[0] for line in run(["env"]).out.decode().splitlines()}
    assert names <= {"PATH", "LD_LIBRARY_PATH"}


def test_a_child_has_its_limits() -> None:
    asked = ["sh", "-c", "ulimit -d; ulimit -t; ulimit -c; ulimit -f; ulimit -n; nice; cat /proc/self/oom_score_adj"]
    data, cpu, core, size, files, nice, oom = run(asked).out.decode().split()
    assert (int(data), int(cpu)) == (512 * 1024, 35)
    assert (core, size, files) == ("0", "0", "64")
    assert int(nice) - os.getpriority(os.PRIO_PROCESS, 0) == min(10, 19 - os.getpriority(os.PRIO_PROCESS, 0))
    assert oom == "1000"


@pytest.mark.parametrize(("mebibytes", "is_fine"), [(16, True), (80, False)])
def test_a_child_has_no_more_memory_than_it_may(mebibytes: int, is_fine: bool) -> None:
    argv = ["python3", "-c", f"bytearray({mebibytes * MEBIBYTE})"]
    assert (run(argv, Bounds(30, 64, 1)).status == 0) == is_fine


def test_what_is_not_there_does_not_run() -> None:
    assert asyncio.run(runs("no-such-program", BOUNDS)) is False


def test_a_frame_of_too_many_pixels_is_refused_before_it_is_decoded(video: Path) -> None:
    with pytest.raises(TooHeavy, match="A frame of the video has 76800 pixels; 76799 can be decoded"):
        make(video, Bounds(30, 512, 320 * 240 - 1))
    assert make(video, Bounds(30, 512, 320 * 240)).startswith(b"\xff\xd8")


def test_a_video_that_needs_too_much_memory_is_refused(ffmpeg: str, tmp_path: Path) -> None:
    # Within the pixels, but with more reference frames than fit.
    source = ["-f", "lavfi", "-i", "testsrc=size=1920x1080:rate=25"]
    options = ["-frames:v", "20", "-pix_fmt", "yuv420p", "-x264-params", "ref=16:keyint=99"]
    heavy = generate(ffmpeg, source, tmp_path / "heavy.mp4", options)
    for mebibytes in (32, 80):
        with heavy.open("rb") as file, pytest.raises((TooHeavy, NotAVideo), match="needs more memory"):
            asyncio.run(thumbnail(file, 0.7, Bounds(30, mebibytes, 9_000_000)))
    with heavy.open("rb") as file:
        assert asyncio.run(thumbnail(file, 0.7, BOUNDS)).startswith(b"\xff\xd8")


def test_a_frame_much_wider_than_high_keeps_a_height(ffmpeg: str, tmp_path: Path) -> None:
    # 4001x3 in ffmpeg's own lossless codec, which has odd sizes.
    source = ["-f", "lavfi", "-i", "color=size=4001x3:duration=0.2:rate=10"]
    wide = generate(ffmpeg, source, tmp_path / "wide.avi", ["-c:v", "ffv1", "-pix_fmt", "yuv444p"])
    with client() as api:
        response = upload(api, wide.read_bytes())
    assert response.status_code == 200
    assert size_of(response.content) == (1280, 2)


def test_a_frame_much_higher_than_wide_is_a_thumbnail_too(ffmpeg: str, tmp_path: Path) -> None:
    source = ["-f", "lavfi", "-i", "color=size=16x3000:duration=0.2:rate=10"]
    high = generate(ffmpeg, source, tmp_path / "high.avi", ["-c:v", "ffv1", "-pix_fmt", "yuv444p"])
    with client() as api:
        assert size_of(upload(api, high.read_bytes()).content) == (16, 3000)


@pytest.fixture
def ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "EndingFfprobe":
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return EndingFfprobe(tmp_path / "ffprobe")


class EndingFfprobe:
    """An ffprobe that ends as a test says."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def by(self, script: str) -> TestClient:
        self.path.write_text(f"#!/bin/sh\n{script}\n")
        self.path.chmod(0o755)
        return client()


def test_ffmpeg_that_is_killed_for_want_of_memory_is_no_fault_of_the_video(ending: EndingFfprobe) -> None:
    with ending.by("kill -KILL $$") as api:
        response = upload(api, b"a video")
    assert (response.status_code, response.json()["detail"]) == (503, "The service is out of memory.")
    assert response.headers["retry-after"] == "5"


@pytest.mark.parametrize("name", [signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM])
def test_ffmpeg_that_crashes_is_a_fault_of_the_service(
    ending: EndingFfprobe, name: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    with ending.by(f"kill -{name.value} $$") as api:
        response = upload(api, b"a video")
    assert (response.status_code, response.json()["detail"]) == (500, "The thumbnail could not be made.")
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["ffmpeg crashed"]


def test_ffmpeg_that_cannot_get_memory_blames_the_video(ending: EndingFfprobe) -> None:
    with ending.by("echo 'Error while decoding: Cannot allocate memory' >&2; exit 1") as api:
        response = upload(api, b"a video")
    assert response.status_code == 422
    assert response.json()["detail"] == "The video needs more memory than one thumbnail may take."


def test_ffmpeg_that_has_used_up_its_processor_time_took_too_long(ending: EndingFfprobe) -> None:
    with ending.by("kill -XCPU $$") as api:
        assert upload(api, b"a video").status_code == 422


def test_ffmpeg_that_cannot_read_the_video_blames_it(ending: EndingFfprobe, video: Path) -> None:
    with ending.by("echo 'Invalid data found' >&2; exit 1"), pytest.raises(NotAVideo):
        make(video, BOUNDS)
