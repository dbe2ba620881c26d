"""The HTTP interface."""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, BinaryIO

from fastapi import APIRouter, FastAPI, File, HTTPException, Query, Request, Response, UploadFile

from app.clients import CLIENT_GONE, ClientGone, LastResponse, unless_gone
from app.lifecycle import Lifecycle
from app.limits import BodyLimit, LingeringClose, OneFile
from app.logs import AccessLog
from app.places import Admission, Busy, Places
from app.settings import Settings
from app.thumbnails import Bounds, Crashed, Killed, NoFrame, NotAVideo, TooHeavy, thumbnail

logger = logging.getLogger(__name__)


class Jpeg(Response):
    media_type = "image/jpeg"


def bounds_of(settings: Settings) -> Bounds:
    """What one thumbnail may take."""
    return Bounds(settings.thumbnail_timeout_seconds, settings.job_memory_mib, settings.max_pixels)


def create_app(settings: Settings, lifecycle: Lifecycle) -> FastAPI:
    """The application. It starts to warm up when the server starts, and answers /health meanwhile."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(lifecycle.warm_up())
        try:
            yield
        finally:
            warming.cancel()

    app = FastAPI(
        title="Backend",
        version=settings.git_sha,
        lifespan=lifespan,
        openapi_url="/openapi.json" if settings.docs else None,
    )
    retry_after = settings.retry_after_seconds
    places = Places(settings.max_uploads, settings.jobs, settings.max_queue, settings.queue_seconds, retry_after)
    _tell_state(app, settings, lifecycle)
    _make_thumbnails(app, settings, places)
    # The last one added is the outermost.
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.max_upload_bytes,
        silence_seconds=settings.body_timeout_seconds,
        total_seconds=settings.upload_timeout_seconds,
    )
    app.add_middleware(Admission, places=places, path="/thumbnails")
    app.add_middleware(LingeringClose)
    app.add_middleware(LastResponse, lifecycle=lifecycle, retry_after_seconds=retry_after)
    app.add_middleware(AccessLog)
    return app


def _tell_state(app: FastAPI, settings: Settings, lifecycle: Lifecycle) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the process answers. Nothing else is looked at, so it is quick and stays true while draining."""
        return {"status": "ok"}

    @app.get("/ready", responses={503: {"description": "Starting, draining, or something is missing"}})
    async def ready(response: Response) -> dict[str, str]:
        """Whether requests are welcome."""
        response.status_code = 200 if lifecycle.phase == "ready" else 503
        return {"status": lifecycle.phase}

    @app.get("/version")
    async def version() -> dict[str, str]:
        """The commit that the image was built from."""
        return {"version": settings.git_sha}


def _make_thumbnails(app: FastAPI, settings: Settings, places: Places) -> None:
    bounds = bounds_of(settings)

    async def make(file: BinaryIO, second: float) -> bytes:
        async with places.job():
            return await thumbnail(file, second, bounds)

    router = APIRouter(route_class=OneFile)

    @router.post(
        "/thumbnails",
        response_class=Jpeg,
        responses={
            400: {"description": "The form has more than one file, or too many or too long fields"},
            408: {"description": "The body is sent too slowly"},
            413: {"description": "The upload is too large"},
            415: {"description": "The upload is not a video"},
            422: {"description": "No frame at that second, or it takes too much time or memory"},
            503: {"description": "No place for another thumbnail; Retry-After tells when to come again"},
        },
    )
    async def thumbnails(
        request: Request,
        video: Annotated[UploadFile, File(description="The video")],
        second: Annotated[float, Query(ge=0, le=86400, allow_inf_nan=False)] = 0,
    ) -> Response:
        """One frame of the uploaded video, as a JPEG."""
        # Small uploads are held in memory; ffmpeg needs a file.
        await asyncio.to_thread(_on_disk, video)
        try:
            return Jpeg(await unless_gone(request.receive, make(video.file, second)))
        except ClientGone:
            return Response(status_code=CLIENT_GONE)
        except Busy as busy:
            return places.refusal(busy)
        except NotAVideo as error:
            raise HTTPException(415, str(error)) from error
        except (NoFrame, TooHeavy) as error:
            raise HTTPException(422, str(error)) from error
        except TimeoutError as error:
            # The upload is at fault and not the service: a 5xx would count against a deployment.
            limit = f"{settings.thumbnail_timeout_seconds:g} seconds"
            raise HTTPException(422, f"The frame could not be made within {limit}.") from error
        except Killed as error:
            logger.error("ffmpeg was killed: the memory of the task is used up")
            headers = {"retry-after": str(settings.retry_after_seconds)}
            raise HTTPException(503, "The service is out of memory.", headers) from error
        except Crashed as error:
            logger.error("ffmpeg crashed", extra={"reason": str(error)})
            raise HTTPException(500, "The thumbnail could not be made.") from error

    app.include_router(router)


def _on_disk(video: UploadFile) -> None:
    file = video.file
    if isinstance(file, tempfile.SpooledTemporaryFile):
        file.rollover()
    file.flush()
