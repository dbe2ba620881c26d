import asyncio

import pytest
from starlette.types import Message

from app.clients import ClientGone, unless_gone


async def stays() -> Message:
    await asyncio.Event().wait()
    return {}


async def hangs_up() -> Message:
    return {"type": "http.disconnect"}


async def seven() -> int:
    return 7


async def fails() -> int:
    raise ValueError("no")


def test_the_work_of_a_client_that_stays_is_done() -> None:
    assert asyncio.run(unless_gone(stays, seven())) == 7


def test_its_failure_is_the_one_of_the_work() -> None:
    with pytest.raises(ValueError, match="no"):
        asyncio.run(unless_gone(stays, fails()))


def test_the_work_of_a_client_that_has_gone_is_cancelled_and_cleared_away() -> None:
    ended = list[str]()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("cleared away")

    async def gone_later() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    with pytest.raises(ClientGone):
        asyncio.run(unless_gone(gone_later, work()))
    assert ended == ["cleared away"]


def test_who_is_cancelled_takes_the_work_along() -> None:
    ended = list[str]()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    async def test() -> None:
        task = asyncio.ensure_future(unless_gone(stays, work()))
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(test())
    assert ended == ["work"]
