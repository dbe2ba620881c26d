"""One frame of a video as a JPEG, by ffmpeg in processes of their own.

Uploads are hostile until proven otherwise. ffmpeg may open the upload and nothing else (no network, no playlists that
name other files), reads only the containers listed here, and is killed when its time is up.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import BinaryIO

# Names of ffmpeg's demuxers. Playlists (hls, concat, dash), images and devices are left out on purpose.
CONTAINERS = "mov,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf"
INPUT_BOUNDS = ["-v", "error", "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS]
MAX_PIXELS = 8192 * 8192
WIDEST = 1280


class NotAVideo(Exception):
    """The upload cannot be read as a video. The message is for the user."""


class NoFrame(Exception):
    """The video has no frame that could be shown at that second. The message is for the user."""


@dataclass(frozen=True)
class Video:
    """What ffprobe says of an upload. The duration in seconds is None where the container does not tell."""

    duration: float | None


async def thumbnail(file: BinaryIO, second: float, timeout_seconds: float) -> bytes:
    """Returns the frame at `second` as a JPEG, at most WIDEST pixels wide.

    `file` must be a real file. Raises NotAVideo, NoFrame, and TimeoutError after `timeout_seconds` in all.
    """
    async with asyncio.timeout(timeout_seconds):
        video = await _probe(file)
        if video.duration is not None and second >= video.duration:
            raise NoFrame(f"The video is {video.duration:g} seconds long: there is no frame at second {second:g}.")
        return await _frame(file, second)


async def _probe(file: BinaryIO) -> Video:
    shown = ["-select_streams", "V:0", "-show_entries", "stream=codec_type:format=duration", "-of", "json"]
    status, out = await _run(["ffprobe", *INPUT_BOUNDS, *shown, _path(file)], file)
    if status != 0:
        raise NotAVideo("The file is not a video that can be read.")
    described = json.loads(out)
    if not described.get("streams"):
        raise NotAVideo("The file has no video stream.")
    duration = described.get("format", {}).get("duration")
    return Video(None if duration is None else float(duration))


async def _frame(file: BinaryIO, second: float) -> bytes:
    status, jpeg = await _run(
        [
            *("ffmpeg", "-nostdin", "-threads", "1", "-max_pixels", str(MAX_PIXELS), *INPUT_BOUNDS),
            # Before -i: seeks, then decodes up to the exact frame.
            *("-ss", f"{second:f}", "-i", _path(file)),
            *("-map", "0:V:0", "-frames:v", "1", "-vf", f"scale='min({WIDEST},iw)':-2"),
            *("-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p", "-f", "image2pipe", "pipe:1"),
        ],
        file,
    )
    if status != 0:
        raise NotAVideo("The video is damaged: the frame cannot be decoded.")
    if not jpeg:
        raise NoFrame(f"The video has no frame at second {second:g}.")
    return jpeg


def _path(file: BinaryIO) -> str:
    """A path by which the child opens the upload anew, though the file has no name."""
    return f"file:/dev/fd/{file.fileno()}"


async def _run(argv: list[str], file: BinaryIO) -> tuple[int, bytes]:
    """Runs a program to its end and returns its exit status and stdout. Kills it when cancelled or out of time."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        pass_fds=(file.fileno(),),
    )
    try:
        out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return await process.wait(), out
