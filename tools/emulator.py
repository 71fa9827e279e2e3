"""The emulator's process: MiniStack behind two listeners, so that it can be stopped without losing a request.

MiniStack by itself gives requests three seconds when it is told to stop, and closes its only port first, so that a
function still at work can't reach its tables any more. Here the public port closes first, requests and invocations
under way come to their end over an inner port that stays open for them, and only then does MiniStack save and exit.

Run by `tools.embedded`, which sets the environment: `python -m tools.emulator PUBLIC_PORT`. As soon
as it listens it prints one line of JSON, the two ports. It stops on SIGTERM, and when its standard input closes, so
that it can't outlive whoever started it.
"""

import asyncio
import errno
import json
import os
import shutil
import signal
import socket
import sys
from typing import Any

from tools.guard import Application, Message, Receive, Send, guarded

HOST = "127.0.0.1"
CONCURRENT_REQUESTS = 32
"""API requests worked on at once; more wait. Each takes a process of about 60 MB."""
BACKLOG = 128
REQUEST_GRACE_SECONDS = 930
INVOCATION_GRACE_SECONDS = 30
PORT_TAKEN = 48


def listen(port: int) -> tuple[int, int]:
    """A listening socket's descriptor, and its port: any free one for 0. Who connects early waits for the emulator."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    sock.listen(BACKLOG)
    number = int(sock.getsockname()[1])
    return sock.detach(), number


async def answer_lifespan(receive: Receive, send: Send) -> None:
    """The public listener has no start and end of its own: the inner one starts and ends the emulator."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def public(application: Application) -> Application:
    """The application for the world: API requests beyond the limit wait, neither refused nor filling the memory."""
    slots = asyncio.Semaphore(CONCURRENT_REQUESTS)

    async def handle(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await answer_lifespan(receive, send)
        elif scope.get("path", "").startswith("/restapis/"):
            async with slots:
                await application(scope, receive, send)
        else:
            await application(scope, receive, send)

    return handle


async def invocations_end() -> None:
    """Waits for functions that nobody waits for over HTTP: queue, schedule, asynchronous invocation.

    Not for ever: a message whose work is cut off comes back after its visibility timeout, as on AWS.
    """
    from ministack.services.lambda_svc import executions_in_flight

    for _ in range(INVOCATION_GRACE_SECONDS * 20):
        if not executions_in_flight()[0]:
            return
        await asyncio.sleep(0.05)


def stop_when_input_closes(stop: asyncio.Event) -> None:
    def read() -> None:
        if not os.read(0, 1):
            loop.remove_reader(0)
            stop.set()

    loop = asyncio.get_running_loop()
    loop.add_reader(0, read)


def configuration(descriptor: int) -> Any:
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.backlog = BACKLOG
    config.keep_alive_timeout = 75
    config.graceful_timeout = REQUEST_GRACE_SECONDS
    config.loglevel = "WARNING"
    return config


async def serve(outer: tuple[int, int], inner: tuple[int, int]) -> None:
    """Runs both listeners, each a descriptor and its port, until told to stop, then ends them in the one order that loses nothing."""
    from hypercorn.asyncio import serve as listen_on
    from ministack.app import app

    stop, drained = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    stop_when_input_closes(stop)
    emulator = asyncio.create_task(
        listen_on(guarded(app, inner[1], pages=outer[1]), configuration(inner[0]), shutdown_trigger=drained.wait)
    )
    world = asyncio.create_task(listen_on(guarded(public(app), outer[1]), configuration(outer[0]), shutdown_trigger=stop.wait))
    await asyncio.wait([world, emulator], return_when=asyncio.FIRST_COMPLETED)
    await invocations_end()
    drained.set()
    await asyncio.gather(world, emulator)


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when; a Ctrl-C reaches it as well
    try:
        outer = listen(int(sys.argv[1]))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return PORT_TAKEN
    inner = listen(0)
    os.environ["AWS_ENDPOINT_URL"] = f"http://{HOST}:{inner[1]}"
    print(json.dumps({"public": outer[1], "inner": inner[1]}), flush=True)
    asyncio.run(serve(outer, inner))
    # Whoever started it removes this too; after a kill -9 only this process is left to do it.
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
