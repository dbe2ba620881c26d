import asyncio
from collections.abc import Callable

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from app.limits import BodyLimit, LingeringClose

FAR = 60.0
POST: Scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-length", b"100")]}


def piece(content: bytes, more: bool = True) -> Message:
    return {"type": "http.request", "body": content, "more_body": more}


def sending(*messages: Message) -> Receive:
    """A client that sends these and is silent then."""
    left = list(messages)

    async def receive() -> Message:
        if left:
            return left.pop(0)
        return await asyncio.Event().wait() and {}

    return receive


async def read_all(_: Scope, receive: Receive, __: Send) -> None:
    while (await receive()).get("more_body"):
        pass


async def nothing(_: Message) -> None:
    pass


def limit(silence: float = FAR, total: float = FAR, app: Callable[..., object] = read_all) -> BodyLimit:
    return BodyLimit(app, 1000, silence, total)  # type: ignore[arg-type]


def refusal(of: BodyLimit, receive: Receive) -> int:
    with pytest.raises(HTTPException) as raised:
        asyncio.run(of(POST, receive, nothing))
    assert raised.value.headers == {"connection": "close"}
    return raised.value.status_code


def test_a_body_in_time_is_passed_on() -> None:
    asyncio.run(limit()(POST, sending(piece(b"a"), piece(b"b", more=False)), nothing))


def test_a_silent_client_is_refused() -> None:
    assert refusal(limit(silence=0.01), sending(piece(b"a"))) == 408


def test_a_client_that_dribbles_is_refused() -> None:
    async def dribble() -> Message:
        await asyncio.sleep(0.004)
        return piece(b"")

    assert refusal(limit(total=0.02), dribble) == 408


def test_too_much_is_refused() -> None:
    assert refusal(limit(), sending(piece(bytes(600)), piece(bytes(600)))) == 413


def test_nobody_is_hurried_once_the_body_is_there() -> None:
    async def work(_: Scope, receive: Receive, __: Send) -> None:
        await receive()
        # What is awaited here is the end of the connection.
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await receive()

    asyncio.run(limit(silence=0.01, app=work)(POST, sending(piece(b"a", more=False)), nothing))


async def refuse(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 503, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": b"no"})


async def answer(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"yes"})


def sent_by(app: LingeringClose, receive: Receive, scope: Scope = POST) -> list[tuple[str, bytes, bool]]:
    sent = list[tuple[str, bytes, bool]]()

    async def send(message: Message) -> None:
        sent.append((message["type"], message.get("body", b""), message.get("more_body", False)))

    asyncio.run(app(scope, receive, send))
    return sent


START = ("http.response.start", b"", False)


def test_the_rest_of_a_refused_body_is_read_before_the_end() -> None:
    read = list[bytes]()
    pieces = [piece(b"a"), piece(b"b"), piece(b"c", more=False)]

    async def receive() -> Message:
        message = pieces.pop(0)
        read.append(message["body"])
        return message

    assert sent_by(LingeringClose(refuse), receive) == [
        START,
        ("http.response.body", b"no", True),
        ("http.response.body", b"", False),
    ]
    assert read == [b"a", b"b", b"c"]


def test_a_refused_client_that_sends_for_ever_is_left() -> None:
    assert sent_by(LingeringClose(refuse, seconds=0.01), sending(piece(b"a")))[-1] == ("http.response.body", b"", False)


async def read_and_answer(scope: Scope, receive: Receive, send: Send) -> None:
    await read_all(scope, receive, send)
    await answer(scope, receive, send)


def test_an_answer_to_a_body_that_nobody_reads_is_the_last_of_its_connection() -> None:
    starts = list[Message]()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            starts.append(message)

    for app in (answer, read_and_answer):
        asyncio.run(LingeringClose(app, seconds=0.01)(POST, sending(piece(b"a", more=False)), send))
    assert [message["headers"] for message in starts] == [[(b"connection", b"close")], []]


def test_what_has_been_read_is_not_waited_for() -> None:
    sent = sent_by(LingeringClose(read_and_answer), sending(piece(b"a", more=False)))
    assert sent == [START, ("http.response.body", b"yes", False)]


def test_without_a_body_there_is_nothing_to_wait_for() -> None:
    scope = {**POST, "headers": []}
    assert sent_by(LingeringClose(refuse), sending(), scope) == [START, ("http.response.body", b"no", False)]
