"""The HTTP interface."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, File, HTTPException, Query, Response, UploadFile
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.lifecycle import Lifecycle
from app.limits import BodyLimit
from app.logs import AccessLog
from app.settings import Settings
from app.thumbnails import NoFrame, NotAVideo, thumbnail


class Jpeg(Response):
    media_type = "image/jpeg"


def create_app(settings: Settings, lifecycle: Lifecycle) -> FastAPI:
    """The application. It starts to warm up when the server starts, and answers /health meanwhile."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(lifecycle.warm_up())
        try:
            yield
        finally:
            warming.cancel()

    app = FastAPI(title="Backend", version=settings.git_sha, lifespan=lifespan)
    _tell_state(app, settings, lifecycle)
    _make_thumbnails(app, settings)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, max_bytes=settings.max_upload_bytes)
    app.add_middleware(LastResponse, lifecycle=lifecycle)
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


def _make_thumbnails(app: FastAPI, settings: Settings) -> None:
    places = asyncio.Semaphore(settings.thumbnail_jobs)

    @app.post(
        "/thumbnails",
        response_class=Jpeg,
        responses={
            413: {"description": "The upload is too large"},
            415: {"description": "The upload is not a video"},
            422: {"description": "No frame at that second, or it takes too long"},
        },
    )
    async def thumbnails(
        video: Annotated[UploadFile, File(description="The video")],
        second: Annotated[float, Query(ge=0, le=86400, allow_inf_nan=False)] = 0,
    ) -> Response:
        """One frame of the uploaded video, as a JPEG."""
        # Small uploads are held in memory; ffmpeg needs a file.
        await asyncio.to_thread(_on_disk, video)
        try:
            async with places:
                jpeg = await thumbnail(video.file, second, settings.thumbnail_timeout_seconds)
        except NotAVideo as error:
            raise HTTPException(415, str(error)) from error
        except NoFrame as error:
            raise HTTPException(422, str(error)) from error
        except TimeoutError as error:
            # The upload is at fault and not the service: a 5xx would count against a deployment.
            limit = f"{settings.thumbnail_timeout_seconds:g} seconds"
            raise HTTPException(422, f"The frame could not be made within {limit}.") from error
        return Jpeg(jpeg)


def _on_disk(video: UploadFile) -> None:
    file = video.file
    if isinstance(file, tempfile.SpooledTemporaryFile):
        file.rollover()
    file.flush()


class LastResponse:
    """While draining, tells clients that keep a connection open to make their next request elsewhere."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle) -> None:
        self.app = app
        self.lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def close_after(message: Message) -> None:
            if message["type"] == "http.response.start" and self.lifecycle.phase == "draining":
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        await self.app(scope, receive, close_after)
