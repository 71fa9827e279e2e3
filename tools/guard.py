"""Who may talk to the embedded AWS: programs of this machine and its own pages, but no page of another origin.

A browser lets any page send requests to 127.0.0.1, and says where they come from: in `Origin`, in `Sec-Fetch-Site`, and,
once a page has pointed its own name at 127.0.0.1, in `Host`. Programs send no `Origin` and name the address they call.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
READ_SECONDS: Final = 30.0
"""How long a request's body may take to arrive from this very machine."""
_API: Final = re.compile(r"/restapis/[^/]+/[^/]+/_user_request_(/.*)?", re.DOTALL)
_FILE: Final = re.compile(r"/[a-z0-9-]+resultsbucket[a-z0-9-]*/[0-9A-HJKMNP-TV-Z]{26}/files/[0-9A-Z-]+")
_UPLOAD: Final = re.compile(r"/[a-z0-9-]+resultsbucket[a-z0-9-]*/imports/[0-9A-HJKMNP-TV-Z]{26}")
_TITLES: Final = {403: "The request is not taken from there", 408: "The body took too long"}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


def guarded(application: Application, port: int, *, pages: int | None = None, read_seconds: float = READ_SECONDS) -> Application:
    """The application as it answers on `port`: to callers that may call, whole bodies only, without leave for other origins.

    Only pages that are served on the port `pages` may PUT a file to its signed link, as the bucket's rules allow on AWS.
    """

    async def handle(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await application(scope, receive, send)
        elif origin := _uploads(scope, port, pages):
            if scope["method"] == "OPTIONS":
                await _allow_put(send, origin)
            else:
                await _with_body(application, scope, receive, send, read_seconds, origin)
        elif fault := refusal(scope, port):
            await _refuse(scope, send, 403, fault)
        elif scope["type"] == "http":
            await _with_body(application, scope, receive, send, read_seconds)
        else:
            await application(scope, receive, send)

    return handle


def refusal(scope: Message, port: int) -> str | None:
    """Why a request is refused; None when it is not."""
    host = _values(scope, b"host")
    if len(host) != 1 or host[0].lower() not in _own_hosts(port):
        return f"Host must be one of {', '.join(sorted(_own_hosts(port)))}"
    if any(origin.lower() != f"http://{host[0].lower()}" for origin in _values(scope, b"origin")):
        return "a page of another origin may not call this"
    if any(site not in ("same-origin", "none") for site in _values(scope, b"sec-fetch-site")) and not _visits(scope):
        return "a page of another site may not call this"
    return None


def _own_hosts(port: int) -> set[str]:
    return {name if port == 80 else f"{name}:{port}" for name in HOSTS}


def _uploads(scope: Message, port: int, pages: int | None) -> str | None:
    """The origin of a page served on the port `pages` that puts a file to its signed link, or asks whether it may; None otherwise."""
    host, origin = _values(scope, b"host"), _values(scope, b"origin")
    if pages is None or scope["type"] != "http" or scope["method"] not in ("PUT", "OPTIONS") or len(host) != 1 or len(origin) != 1:
        return None
    is_ours = host[0].lower() in _own_hosts(port) and origin[0].lower().removeprefix("http://") in _own_hosts(pages)
    signed = _UPLOAD.fullmatch(scope["path"]) is not None and b"X-Amz-Signature=" in scope.get("query_string", b"")
    return origin[0] if is_ours and signed else None


async def _allow_put(send: Send, origin: str) -> None:
    headers = [(b"access-control-allow-origin", origin.encode()), (b"access-control-allow-methods", b"PUT"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _visits(scope: Message) -> bool:
    """Whether a person follows a link to the API, as after signing in, or a signed one to a file. A GET changes nothing, and the other page
    sees nothing."""
    navigates = _values(scope, b"sec-fetch-mode") == ["navigate"] and _values(scope, b"sec-fetch-dest") == ["document"]
    leads = _API.fullmatch(scope["path"]) is not None or _is_signed_file(scope["path"], scope.get("query_string", b""))
    return navigates and scope.get("method") == "GET" and leads


def _is_signed_file(path: str, query: bytes) -> bool:
    """Whether it is a link to a file of an export, and no action in disguise."""
    return _FILE.fullmatch(path) is not None and b"X-Amz-Signature=" in query and b"action=" not in query.lower()


def _values(scope: Message, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


async def _with_body(
    application: Application, scope: Message, receive: Receive, send: Send, seconds: float, origin: str | None = None
) -> None:
    """Calls the application once the body is there: what is withheld keeps nobody else waiting. Its answer may be read by `origin`."""
    try:
        async with asyncio.timeout(seconds):
            first = await _whole(receive)
    except TimeoutError:
        await _refuse(scope, send, 408, f"the body did not arrive within {seconds:g} seconds")
        return
    waiting = [first]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    async def without_leave(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers", [])
            message["headers"] = [(name, value) for name, value in headers if not name.lower().startswith(b"access-control-")]
            if origin:
                message["headers"].append((b"access-control-allow-origin", origin.encode()))
        await send(message)

    await application(scope, replayed, without_leave)


async def _whole(receive: Receive) -> Message:
    """The body in one message; or the message that says that the caller has left."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return {"type": "http.request", "body": b"".join(parts), "more_body": False}


async def _refuse(scope: Message, send: Send, status: int, detail: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    problem = {
        "type": "urn:packages-billing:problem:refused", "title": _TITLES[status], "status": status, "code": "refused", "detail": detail,
    }  # fmt: skip
    body = json.dumps(problem).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
