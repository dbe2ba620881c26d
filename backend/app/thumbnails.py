"""One frame of a video as a JPEG, by ffmpeg in processes of their own.

Uploads are hostile until proven otherwise. ffmpeg may open the upload and nothing else (no network, no playlists that
name other files), reads only the containers listed here, knows no environment of ours, has a bound on its memory, and
is killed when its time is up.
"""

import asyncio
import contextlib
import json
import logging
import math
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

logger = logging.getLogger(__name__)

# Names of ffmpeg's demuxers. Playlists (hls, concat, dash), images and devices are left out on purpose.
CONTAINERS = "mov,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf"
INPUT_BOUNDS = ["-v", "error", "-protocol_whitelist", "file", "-format_whitelist", CONTAINERS]
WIDEST = 1280
# Of what ffmpeg says on stderr, the end.
LAST_WORDS = 500
# Every program of the system is found by this; no secret of the service is in it.
CHILD_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH")


class NotAVideo(Exception):
    """The upload cannot be read as a video. The message is for the user."""


class NoFrame(Exception):
    """The video has no frame that could be shown at that second. The message is for the user."""


class TooHeavy(Exception):
    """The video needs more than one thumbnail may take. The message is for the user."""


class Killed(Exception):
    """The system ended ffmpeg, for want of memory: the fault is not the video's."""


class Crashed(Exception):
    """ffmpeg ended by a signal of its own making: a fault of the service, whatever the video holds."""


@dataclass(frozen=True)
class Bounds:
    """What one thumbnail may take: seconds in all, MiB of ffmpeg's data, and pixels of a frame."""

    seconds: float
    memory_mib: int
    pixels: int


@dataclass(frozen=True)
class Video:
    """What ffprobe says of an upload. The duration in seconds is None where the container does not tell."""

    duration: float | None
    pixels: int


@dataclass(frozen=True)
class Ended:
    """How a program ended. A negative status is the signal that ended it."""

    status: int
    out: bytes
    last_words: str


async def thumbnail(file: BinaryIO, second: float, bounds: Bounds) -> bytes:
    """Returns the frame at `second` as a JPEG, at most WIDEST pixels wide.

    `file` must be a real file. Raises NotAVideo, NoFrame, TooHeavy, Killed, Crashed, and TimeoutError after
    `bounds.seconds` in all.
    """
    async with asyncio.timeout(bounds.seconds):
        video = await _probe(file, bounds)
        if video.pixels > bounds.pixels:
            raise TooHeavy(f"A frame of the video has {video.pixels} pixels; {bounds.pixels} can be decoded.")
        if video.duration is not None and second >= video.duration:
            raise NoFrame(f"The video is {video.duration:g} seconds long: there is no frame at second {second:g}.")
        return await _frame(file, second, bounds)


async def runs(program: str, bounds: Bounds) -> bool:
    """Whether a program can be started within the bounds, as a thumbnail starts it."""
    try:
        ended = await _run([program, "-version"], bounds)
    except OSError:
        return False
    return ended.status == 0


async def _probe(file: BinaryIO, bounds: Bounds) -> Video:
    shown = ["-show_entries", "stream=codec_type,width,height:format=duration", "-of", "json"]
    # No bound of pixels here: ffprobe would not tell how many there are. That of memory holds.
    argv = ["ffprobe", "-threads", "1", *INPUT_BOUNDS, "-select_streams", "V:0", *shown, _path(file)]
    ended = await _run(argv, bounds, file)
    if ended.status != 0:
        raise _refusal(ended) or NotAVideo("The file is not a video that can be read.")
    described = json.loads(ended.out)
    if not described.get("streams"):
        raise NotAVideo("The file has no video stream.")
    stream = described["streams"][0]
    duration = described.get("format", {}).get("duration")
    pixels = int(stream.get("width") or 0) * int(stream.get("height") or 0)
    return Video(None if duration is None else float(duration), pixels)


async def _frame(file: BinaryIO, second: float, bounds: Bounds) -> bytes:
    # A frame that is much wider than high keeps a height, which JPEG needs.
    size = f"w='min({WIDEST},iw)':h='max(2,2*round(ow*ih/iw/2))'"
    argv = [
        *("ffmpeg", "-nostdin", "-filter_threads", "1"),
        *("-threads", "1", "-max_pixels", str(bounds.pixels), *INPUT_BOUNDS),
        # Before -i: seeks, then decodes up to the exact frame.
        *("-ss", f"{second:f}", "-i", _path(file)),
        *("-map", "0:V:0", "-frames:v", "1", "-vf", f"scale={size}", "-threads", "1"),
        *("-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p", "-f", "image2pipe", "pipe:1"),
    ]
    ended = await _run(argv, bounds, file)
    if ended.status != 0:
        # Where memory is refused, some decoders say no more than that a frame is missing.
        raise _refusal(ended) or NotAVideo(
            "The frame cannot be decoded: the video is damaged, or it needs more memory than one thumbnail may take."
        )
    if not ended.out:
        raise NoFrame(f"The video has no frame at second {second:g}.")
    return ended.out


def _refusal(ended: Ended) -> Exception | None:
    """Why a program failed, where it was not the video that it could not read."""
    if ended.status == -signal.SIGXCPU:
        return TimeoutError()
    if ended.status == -signal.SIGKILL:
        return Killed("ffmpeg was killed by the system")
    if ended.status < 0:
        return Crashed(f"ffmpeg ended by signal {-ended.status}: {ended.last_words}")
    if os.strerror(12) in ended.last_words:
        return TooHeavy("The video needs more memory than one thumbnail may take.")
    return None


def _path(file: BinaryIO) -> str:
    """A path by which the child opens the upload anew, though the file has no name."""
    return f"file:/dev/fd/{file.fileno()}"


def _bounded(argv: list[str], bounds: Bounds) -> list[str]:
    """Behind the server, which has to answer health checks meanwhile; and within limits that outlive this process."""
    return [
        *("nice", "-n", "10", "prlimit", f"--data={bounds.memory_mib * 1024 * 1024}"),
        # A backstop: the clock of thumbnail() is stricter. The kernel asks at the first and kills at the second number.
        *(f"--cpu={math.ceil(bounds.seconds) + 5}:{math.ceil(bounds.seconds) + 6}", "--core=0", "--fsize=0", "--nofile=64", "--", *argv),
    ]


async def _run(argv: list[str], bounds: Bounds, file: BinaryIO | None = None) -> Ended:
    """Runs a program to its end. Kills it when cancelled or out of time."""
    process = await asyncio.create_subprocess_exec(
        *_bounded(argv, bounds),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=() if file is None else (file.fileno(),),
        env={name: os.environ[name] for name in CHILD_ENVIRONMENT if name in os.environ},
    )
    _offer_to_oom_killer(process.pid)
    try:
        out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    last_words = errors.decode("utf-8", "replace").strip()[-LAST_WORDS:]
    if process.returncode != 0:
        logger.info("failed", extra={"program": argv[0], "status": process.returncode, "said": last_words})
    return Ended(await process.wait(), out, last_words)


def _offer_to_oom_killer(pid: int) -> None:
    """Where memory runs out all the same, the kernel is to take ffmpeg and not the server."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
