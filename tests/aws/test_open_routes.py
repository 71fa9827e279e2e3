"""Routes that are open to all share the function's concurrency with billing: what they cost is bounded."""

import json
import os
import subprocess
import sys
import time

import pytest

from chalicelib import __version__, deployment
from chalicelib.api import meta
from tests.aws.conftest import World
from tools.bundle import ROOT


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that have passed; a test sets them."""
    passed = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: passed[0])
    deployment.reach_tables.cache_clear()
    return passed


def reads(world: World) -> int:
    return world.stage.store.meter.requests["get_item"]


def test_d12_health_reads_the_tables_once_a_moment(world: World, clock: list[float]) -> None:
    world.ask("GET", "/health")
    before = reads(world)
    for _ in range(50):
        assert world.read("GET", "/health") == {"status": "ok", "version": __version__}
    assert reads(world) == before
    clock[0] += meta.HEALTHY_SECONDS
    world.ask("GET", "/health")
    assert reads(world) == before + 1


def test_d12_a_failure_is_told_after_a_moment_and_its_end_at_once(world: World, clock: list[float]) -> None:
    def unreachable(*_: object) -> None:
        raise ConnectionError

    world.ask("GET", "/health")
    world.stage.store.hook = unreachable
    clock[0] += meta.HEALTHY_SECONDS
    assert [world.ask("GET", "/health")["statusCode"] for _ in range(2)] == [500, 500]
    world.stage.store.hook = None
    assert world.ask("GET", "/health")["statusCode"] == 200


@pytest.mark.parametrize(("value", "is_there"), [("true", True), ("", True), ("false", False), ("0", False)])
def test_d12_the_page_of_the_api_can_be_left_out(value: str, is_there: bool) -> None:
    """Decided while packaging: a route that is not there costs nothing."""
    program = "import app, json; print(json.dumps(sorted(app.app.routes)))"
    environment = os.environ | {"SERVE_DOCS": value}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    paths = json.loads(done.stdout)
    assert {"/docs", "/docs/{file}"}.issubset(paths) == is_there
    assert not {"/docs", "/docs/{file}"} & set(paths) or is_there
    assert "/openapi.json" in paths


@pytest.mark.parametrize("value", ["true", "false"])
def test_d12_the_console_knows_whether_there_is_such_a_page(value: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVE_DOCS", value)
    deployment.configuration.cache_clear()
    assert world.read("GET", "/console/settings.json")["docs"] is (value == "true")
