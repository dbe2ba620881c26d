import asyncio
from collections.abc import Awaitable, Callable

import pytest

from app.places import Busy, Places

FAR = 60.0


def places(uploads: int = 10, jobs: int = 1, queue: int = 2, queue_seconds: float = FAR) -> Places:
    return Places(uploads, jobs, queue, queue_seconds, retry_after_seconds=5)


class Work:
    """Holds a job until it is told to end."""

    def __init__(self, here: Places, name: str, log: list[str]) -> None:
        self.end = asyncio.Event()
        self.name = name
        self.log = log
        self.task = asyncio.ensure_future(self._work(here))

    async def _work(self, here: Places) -> None:
        async with here.job():
            self.log.append(self.name)
            await self.end.wait()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(FAR):
            await test()

    asyncio.run(bounded())


async def let_others_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_jobs_come_in_the_order_of_asking() -> None:
    async def test() -> None:
        here, log = places(), list[str]()
        works = [Work(here, name, log) for name in "abc"]
        for count, work in enumerate(works, start=1):
            await let_others_run()
            assert log == list("abc"[:count])
            work.end.set()
        await asyncio.gather(*(work.task for work in works))
        assert (here.waiting, here.admitted) == (0, 0)

    run(test)


def test_a_full_queue_refuses_at_once() -> None:
    async def test() -> None:
        here, log = places(), list[str]()
        works = [Work(here, name, log) for name in "abc"]
        await let_others_run()
        with pytest.raises(Busy, match="Too many thumbnails are waiting"):
            async with here.job():
                pass
        # Nor is another upload taken in, whose video would find the queue full.
        with pytest.raises(Busy, match="Too many thumbnails are waiting"), here.upload():
            pass
        for work in works:
            work.end.set()
        await asyncio.gather(*(work.task for work in works))
        with here.upload():
            assert here.admitted == 1

    run(test)


def test_nobody_waits_longer_than_allowed() -> None:
    async def test() -> None:
        here, log = places(queue_seconds=0.01), list[str]()
        works = [Work(here, name, log) for name in "ab"]
        with pytest.raises(Busy, match=r"within 0\.01 seconds"):
            await works[1].task
        works[0].end.set()
        await works[0].task
        async with here.job():
            assert here.waiting == 0

    run(test)


def test_who_gives_up_leaves_the_queue_to_others() -> None:
    async def test() -> None:
        here, log = places(), list[str]()
        works = [Work(here, name, log) for name in "abc"]
        await let_others_run()
        works[1].task.cancel()
        await let_others_run()
        works[0].end.set()
        await let_others_run()
        assert log == ["a", "c"]
        works[2].end.set()
        await works[2].task

    run(test)


def test_uploads_are_counted_until_they_end() -> None:
    here = places(uploads=1)
    with here.upload():
        with pytest.raises(Busy, match="Too many uploads"), here.upload():
            pass
        assert here.admitted == 1
    with pytest.raises(RuntimeError), here.upload():
        raise RuntimeError
    assert here.admitted == 0


def test_a_refusal_tells_when_to_come_again() -> None:
    response = places().refusal(Busy("There is no place."))
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
