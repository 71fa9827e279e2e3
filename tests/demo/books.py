"""The sample provider's January 2031, day by day, in this process, and its exported journal."""

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from unittest.mock import patch

from chalicelib import deployment
from chalicelib.api import idempotent
from chalicelib.api.routing import ROUTES
from chalicelib.storage.keys import TABLES
from demo import loading
from demo.provider import load
from tests.aws import gateway
from tests.usecases.exporting import ask, days, files, work_off
from tests.world.stage import Stage

FIRST, LAST = date(2031, 1, 1), date(2031, 1, 31)


class Clock(datetime):
    """The edge's clock stands at the beginning of the month."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Clock":
        return cls(FIRST.year, FIRST.month, FIRST.day, 1, tzinfo=UTC)


class Api:
    """The deployed function in this process, as the demo calls it."""

    def post(self, path: str, body: Any, *, key: str | None = None) -> Any:
        return self._ask("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        return self._ask("PUT", path, body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        for route in ROUTES:
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path).replace("(?P<from>", "(?P<from_>")
            if route.method == method and (found := re.fullmatch(pattern, path)):
                params = {name.rstrip("_"): value for name, value in found.groupdict().items()}
                sent = gateway.event(method, route.path, params, body=json.dumps(body), headers={"Content-Type": "application/json"})
                answer = gateway.answered(sent)
                assert answer["statusCode"] in (200, 201), answer
                return json.loads(answer["body"])
        raise AssertionError(path)


@contextmanager
def _deployed(stage: Stage) -> Iterator[None]:
    """The edges on the tables of a stage."""
    environment = {f"{name.upper()}_TABLE": name for name in TABLES} | {"AUTH_MODE": "iam"}
    caches = (deployment.configuration, deployment.shared_services)
    with (
        patch.dict("os.environ", environment), patch.object(deployment, "dynamodb", lambda: stage.store),
        patch.object(deployment, "datetime", Clock), patch.object(idempotent, "datetime", Clock), patch.object(loading, "THREADS", 1),
    ):  # fmt: skip
        for cached in caches:
            cached.cache_clear()
        yield
    for cached in caches:
        cached.cache_clear()


def january() -> list[dict[str, str]]:
    """The rows of the journal of January: what was paid in advance on the first, and what each day's evaluation posted."""
    stage = Stage(max_lines=20_000, page_bytes=1024 * 1024)
    stage.today = FIRST
    with _deployed(stage):
        loading.load_provider(Api(), load(), lambda: None)  # type: ignore[arg-type]
    for day in range((LAST - FIRST).days + 1):
        stage.today = FIRST + timedelta(days=day)
        stage.evaluate(f"evaluate-{day}")
    ask(stage, what="journal", form="csv", of=days(FIRST, LAST))
    work_off(stage)
    return [row for file in files(stage) for row in csv.DictReader(io.StringIO(file.decode(), newline=""))]
