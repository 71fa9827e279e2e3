"""What a web page of another origin may do to `make serve`: nothing. Programs go on as before."""

import asyncio
import json
import socket
from collections.abc import Awaitable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tools import serve
from tools.embedded import EmbeddedStack
from tools.emulator import CONCURRENT_REQUESTS
from tools.guard import Message, guarded

pytestmark = pytest.mark.deploy
PAGE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


async def awaited(answer: Awaitable[None]) -> None:
    await answer


def said(port: int, *lines: str) -> str:
    """What is answered to a request in these very words."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        return b"".join(iter(lambda: connection.recv(65_536), b"")).decode()


@pytest.mark.parametrize("listener", ["public", "inner"])
@pytest.mark.parametrize(
    "host",
    ["evil.example:{port}", "evil.example", "127.0.0.1.evil.example:{port}", "127.0.0.1:1", "127.0.0.1", "", "0.0.0.0:{port}"],
)
def test_d2_a_name_that_was_pointed_here_is_refused(stack: EmbeddedStack, listener: str, host: str) -> None:
    port = stack.ports[listener]
    for path in (httpx.URL(stack.base_url).path + "/customers", "/", "/2015-03-31/functions"):
        answer = said(port, f"GET {path} HTTP/1.1", f"Host: {host.format(port=port)}")
        assert answer.startswith("HTTP/1.1 403 ")
        assert "Host must be one of" in answer


@pytest.mark.parametrize("listener", ["public", "inner"])
@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LocalHost:{port}", "[::1]:{port}"])
def test_d2_its_own_names_are_taken(stack: EmbeddedStack, listener: str, host: str) -> None:
    port = stack.ports[listener]
    named = host.format(port=port)
    path = httpx.URL(stack.base_url).path + "/health"
    assert said(port, f"GET {path} HTTP/1.1", f"Host: {named}").startswith("HTTP/1.1 200 ")
    assert said(port, f"GET {path} HTTP/1.1", f"Host: {named}", f"Origin: http://{named.lower()}").startswith("HTTP/1.1 200 ")


FOREIGN: dict[str, dict[str, str]] = {
    "another origin": {"Origin": "http://evil.example"},
    "a sandboxed page": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "another scheme": {"Origin": "https://{host}"},
    "a page without Origin": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    "the same site": {"Sec-Fetch-Site": "same-site"},
    "a frame": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT", "DELETE"])
def test_d2_a_page_of_another_origin_is_refused(stack: EmbeddedStack, method: str, headers: dict[str, str]) -> None:
    host = stack.endpoint.removeprefix("http://")
    sent = {name: value.format(host=host) for name, value in headers.items()}
    for url in (f"{stack.base_url}/customers", stack.endpoint, f"http://127.0.0.1:{stack.ports['inner']}/2015-03-31/functions"):
        answer = httpx.request(method, url, headers=sent, trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (403, "refused")
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_d2_a_link_leads_to_the_console_or_to_a_signed_file_and_nowhere_else(stack: EmbeddedStack) -> None:
    link = PAGE | {"Sec-Fetch-Site": "cross-site"}
    assert httpx.get(f"{stack.base_url}/console", headers=link, timeout=60).status_code == 200
    assert httpx.post(f"{stack.base_url}/console", headers=link).status_code == 403
    assert httpx.get(f"{stack.endpoint}/?Action=ListQueues", headers=link).status_code == 403
    assert httpx.get(f"{stack.endpoint}/restapis", headers=link).status_code == 403
    file = f"{stack.endpoint}/packages-billing-local-resultsbucket-1/01M8K2W20KM4YBY4VGPM8VVVGW/files/0000-01M8K2W8E54R1F8KDQP5MKPYAB"
    assert b"another site" not in httpx.get(f"{file}?X-Amz-Signature=0", headers=link).content
    for elsewhere in (file, f"{file}?X-Amz-Signature=0&Action=DeleteQueue", f"{stack.endpoint}/bucket?X-Amz-Signature=0"):
        assert b"another site" in httpx.get(elsewhere, headers=link).content


@pytest.mark.parametrize("path", ["/", "/restapis", "/2015-03-31/functions", "/?Action=ListQueues&Version=2012-11-05"])
def test_d2_no_answer_gives_leave_to_other_origins(stack: EmbeddedStack, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = httpx.request(method, stack.endpoint + path, trust_env=False)
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_d2_what_is_kept_is_for_its_owner_only(tmp_path: Path) -> None:
    directory = tmp_path / ".local"
    directory.mkdir(mode=0o755)
    with serve.sole_user_of(directory):
        assert directory.stat().st_mode & 0o777 == 0o700


def test_d13_bodies_that_are_withheld_keep_nobody_waiting(stack: EmbeddedStack) -> None:
    port, path = stack.ports["public"], httpx.URL(stack.base_url).path
    with ExitStack() as opened:
        for _ in range(CONCURRENT_REQUESTS + 8):
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            connection.sendall(f"POST {path}/packages HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 10\r\n\r\n{{".encode())
        assert httpx.get(f"{stack.base_url}/health", timeout=15, trust_env=False).status_code == 200


def asked(body: list[bytes], *, withheld: bool = False) -> tuple[list[Message], list[bytes]]:
    """What a guarded application answers to a body in parts, and the bodies it was called with."""
    sent: list[Message] = []
    seen: list[bytes] = []
    parts = [{"type": "http.request", "body": part, "more_body": True} for part in body]

    async def application(_scope: Message, receive: Any, send: Any) -> None:
        message = await receive()
        seen.append(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Access-Control-Allow-Origin", b"*"), (b"etag", b"1")]})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        if parts:
            return parts.pop(0)
        if withheld:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"host", b"127.0.0.1:9")]}
    asyncio.run(awaited(guarded(application, 9, read_seconds=0.1)(scope, receive, send)))
    return sent, seen


def test_d13_a_body_is_handed_on_whole_and_an_endless_one_is_not() -> None:
    answered, seen = asked([b"ab", b"cd"])
    assert (answered[0]["status"], answered[0]["headers"], seen) == (200, [(b"etag", b"1")], [b"abcd"])
    refused, unseen = asked([b"ab"], withheld=True)
    assert (refused[0]["status"], json.loads(refused[1]["body"])["code"], unseen) == (408, "refused", [])


def test_d2_a_foreign_websocket_is_closed() -> None:
    sent: list[Message] = []

    async def application(*_: Any) -> None:
        raise AssertionError("called")

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"127.0.0.1:9"), (b"origin", b"http://evil.example")]}
    asyncio.run(awaited(guarded(application, 9)(scope, receive, send)))
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_a_page_of_the_console_may_put_a_file_to_its_signed_link_and_nothing_else(stack: EmbeddedStack) -> None:
    """As the rules of the bucket allow it on AWS."""
    link = httpx.post(f"{stack.base_url}/imports", json={"kind": "customers"}, trust_env=False).json()["upload"]["link"]
    page = {"Origin": stack.endpoint, "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}
    asked = page | {"Access-Control-Request-Method": "PUT"}
    allowed = httpx.options(link, headers=asked, trust_env=False)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, stack.endpoint)
    assert allowed.headers["access-control-allow-methods"] == "PUT"
    done = httpx.put(link, headers=page, content=b"customer_id,name\n", trust_env=False)
    assert (done.status_code, done.headers["access-control-allow-origin"]) == (200, stack.endpoint)
    unsigned, elsewhere = link.partition("?")[0], link.replace("/imports/", "/files/")
    refused = [
        httpx.put(unsigned, headers=page, trust_env=False), httpx.put(elsewhere, headers=page, trust_env=False),
        httpx.get(link, headers=page, trust_env=False), httpx.put(link, headers=page | {"Origin": "http://evil.example"}, trust_env=False),
        httpx.options(link, headers=asked | {"Host": "evil.example"}, trust_env=False),
    ]  # fmt: skip
    assert [answer.status_code for answer in refused] == [403] * 5
