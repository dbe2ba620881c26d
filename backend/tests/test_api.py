import asyncio
import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from app.api import bounds_of, create_app
from app.lifecycle import Lifecycle, Phase
from app.settings import Settings
from tests.conftest import generate


BOUNDS = bounds_of(Settings())


class Quiet(Lifecycle):
    """Does not look around: the phase is the test's."""

    def __init__(self) -> None:
        super().__init__(BOUNDS)

    async def warm_up(self) -> None:
        pass


def client(lifecycle: Lifecycle | None = None, **settings: object) -> TestClient:
    chosen = Settings.model_validate({"git_sha": "0123abc", **settings})
    return TestClient(create_app(chosen, lifecycle or Quiet()))


@pytest.fixture
def api() -> Iterator[TestClient]:
    with client() as started:
        yield started


def upload(api: TestClient, content: bytes, second: float | str = 0) -> httpx2.Response:
    return api.post("/thumbnails", params={"second": second}, files={"video": ("v", io.BytesIO(content))})


def test_health_answers_while_starting(api: TestClient) -> None:
    response = api.get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_version_is_the_commit(api: TestClient) -> None:
    assert api.get("/version").json() == {"version": "0123abc"}


@pytest.mark.parametrize(("phase", "status"), [("starting", 503), ("ready", 200), ("unable", 503), ("draining", 503)])
def test_ready_follows_the_phase(phase: Phase, status: int) -> None:
    lifecycle = Quiet()
    with client(lifecycle) as api:
        lifecycle.phase = phase
        response = api.get("/ready")
    assert (response.status_code, response.json()) == (status, {"status": phase})


def test_a_draining_service_closes_connections() -> None:
    lifecycle = Quiet()
    with client(lifecycle) as api:
        assert "connection" not in api.get("/version").headers
        lifecycle.drain()
        assert api.get("/version").headers["connection"] == "close"


@pytest.mark.parametrize(
    ("second", "colour"), [(0, (254, 0, 0)), (1.4, (254, 0, 0)), (1.5, (0, 0, 254)), (2.9, (0, 0, 254))]
)
def test_a_thumbnail_is_the_frame_at_that_second(
    api: TestClient, video: Path, ffmpeg: str, second: float, colour: tuple[int, int, int]
) -> None:
    response = upload(api, video.read_bytes(), second)
    assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")
    assert response.content.startswith(b"\xff\xd8\xff")
    pixels = subprocess.run(
        [ffmpeg, "-v", "error", "-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"],
        input=response.content,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    assert len(pixels) == 320 * 240 * 3
    assert all(abs(seen - wanted) <= 6 for seen, wanted in zip(pixels[:3], colour, strict=True))


def test_a_large_frame_is_made_smaller(api: TestClient, ffmpeg: str, tmp_path: Path) -> None:
    wide = generate(ffmpeg, ["-f", "lavfi", "-i", "color=size=2560x1440:duration=0.2:rate=10"], tmp_path / "wide.mp4")
    response = upload(api, wide.read_bytes())
    assert size_of(response.content) == (1280, 720)


def size_of(jpeg: bytes) -> tuple[int, int]:
    shown = ["-show_entries", "stream=width,height", "-of", "csv=p=0"]
    probe = subprocess.run(["ffprobe", "-v", "error", "-f", "jpeg_pipe", *shown, "pipe:0"], input=jpeg, stdout=subprocess.PIPE, check=True)
    width, height = probe.stdout.decode().strip().split(",")[:2]
    return int(width), int(height)


@pytest.mark.parametrize("content", [b"", b"not a video", os.urandom(4096), b"\x00\x00\x00\x18ftypmp42" + bytes(64)])
def test_what_is_no_video_is_refused(api: TestClient, ffmpeg: str, content: bytes) -> None:
    response = upload(api, content)
    assert (response.status_code, response.json()["detail"]) == (415, "The file is not a video that can be read.")


def test_sound_alone_is_no_video(api: TestClient, sound: Path) -> None:
    response = upload(api, sound.read_bytes())
    assert (response.status_code, response.json()["detail"]) == (415, "The file has no video stream.")


def test_a_playlist_cannot_make_ffmpeg_open_other_files(api: TestClient, video: Path) -> None:
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{video}\n#EXT-X-ENDLIST\n"
    assert upload(api, playlist.encode()).status_code == 415
    assert upload(api, f"ffconcat version 1.0\nfile '{video}'\n".encode()).status_code == 415


def test_past_the_end_is_a_mistake_of_the_caller(api: TestClient, video: Path) -> None:
    response = upload(api, video.read_bytes(), 3)
    assert response.status_code == 422
    assert response.json()["detail"] == "The video is 3 seconds long: there is no frame at second 3."


@pytest.mark.parametrize("second", ["-1", "nan", "inf", "soon", "1e9"])
def test_a_second_must_be_a_sensible_number(api: TestClient, second: str) -> None:
    assert upload(api, b"", second).status_code == 422


def test_a_missing_file_is_named(api: TestClient) -> None:
    response = api.post("/thumbnails")
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "video"]


@pytest.mark.parametrize(
    ("files", "fields", "status"),
    [
        (1, [], 415),
        (1, [1024] * 8, 415),
        (1, [1025], 400),
        (1, [1] * 9, 400),
        (2, [], 400),
    ],
)
def test_a_form_has_one_file_and_a_few_short_fields(
    api: TestClient, ffmpeg: str, files: int, fields: list[int], status: int
) -> None:
    response = api.post(
        "/thumbnails",
        files=[("video", ("v", io.BytesIO(b"no video"))) for _ in range(files)],
        data={f"field{number}": "x" * size for number, size in enumerate(fields)},
    )
    assert response.status_code == status


def test_a_large_upload_is_refused_by_its_announced_length() -> None:
    with client(max_upload_bytes=1000) as api:
        response = upload(api, bytes(1001))
    assert (response.status_code, response.headers["connection"]) == (413, "close")
    assert response.json()["detail"] == "The request may have at most 1000 bytes."


def test_a_large_upload_is_refused_without_an_announced_length_too() -> None:
    def chunks() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="video"; filename="v"\r\n\r\n'
        for _ in range(10):
            yield bytes(500)

    with client(max_upload_bytes=1000) as api:
        response = api.post(
            "/thumbnails", content=chunks(), headers={"content-type": "multipart/form-data; boundary=b"}
        )
    assert "content-length" not in response.request.headers
    assert (response.status_code, response.json()["detail"]) == (413, "The request may have at most 1000 bytes.")


def test_a_video_that_takes_too_long_is_given_up(video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = tmp_path / "ffprobe"
    # A folder: the child may write no file.
    endless.write_text(f"#!/bin/sh\nmkdir {tmp_path}/pid-$$\nexec sleep 600\n")
    endless.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with client(thumbnail_timeout_seconds=0.5) as api:
        response = upload(api, video.read_bytes())
    assert (response.status_code, response.json()["detail"]) == (422, "The frame could not be made within 0.5 seconds.")
    (pid,) = (int(folder.name.removeprefix("pid-")) for folder in tmp_path.glob("pid-*"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def phase_after_warming_up() -> str:
    lifecycle = Lifecycle(BOUNDS)
    await lifecycle.warm_up()
    return lifecycle.phase


def test_warming_up_finds_what_is_there(ffmpeg: str) -> None:
    assert asyncio.run(phase_after_warming_up()) == "ready"


def test_without_ffmpeg_the_service_is_never_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("ffmpeg") is None
    assert asyncio.run(phase_after_warming_up()) == "unable"
