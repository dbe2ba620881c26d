import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    """The path of ffmpeg. What needs it is skipped where it is missing."""
    path = shutil.which("ffmpeg")
    if path is None or shutil.which("ffprobe") is None:
        pytest.skip("ffmpeg is not installed")
    return path


def generate(ffmpeg: str, source: list[str], to: Path, options: list[str] | None = None) -> Path:
    subprocess.run([ffmpeg, "-v", "error", *source, *(options or []), "-y", str(to)], check=True)
    return to


@pytest.fixture(scope="session")
def video(ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 seconds: red, then from second 1.5 on blue."""
    source = [
        *("-f", "lavfi", "-i", "color=red:size=320x240:duration=1.5:rate=10"),
        *("-f", "lavfi", "-i", "color=blue:size=320x240:duration=1.5:rate=10"),
        *("-filter_complex", "concat=n=2:v=1"),
    ]
    return generate(ffmpeg, source, tmp_path_factory.mktemp("video") / "red-blue.mp4", ["-pix_fmt", "yuv420p"])


@pytest.fixture(scope="session")
def sound(ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Matroska file without a picture."""
    source = ["-f", "lavfi", "-i", "sine=duration=1"]
    return generate(ffmpeg, source, tmp_path_factory.mktemp("sound") / "beep.mka")
