"""What every test can ask for: the deployed service, and a client of its API."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

from tests.openapi.conformance import hooks
from tools.embedded import EmbeddedStack

os.environ.setdefault("OVERVIEW", "false")
"""What tests deploy makes no overview after each daily run unless they ask for it: many compare whole tables, or count messages."""
settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")
"""Other tests run beside each property: how long an example takes says nothing."""
REQUEST_SECONDS = 120
LOG_CHARACTERS = 20_000
LONG_FILES = (
    "deploy/test_upgrade.py", "model/test_model.py", "operators/test_running.py", "usage/test_queue.py", "deploy/test_restore.py",
    "deploy/test_package.py", "openapi/test_contract.py", "usage/test_property.py", "deploy/test_permissions.py",
    "deploy/test_smoke.py", "api/test_run_package.py", "api/test_concurrency.py", "api/test_daily.py", "api/test_events.py",
    "deploy/test_embedded.py", "deploy/test_stack.py", "deploy/test_package_jwt.py", "world/test_simulation.py",
    "deploy/test_deploy_check.py", "aws/test_call_budget.py",
)  # fmt: skip
"""What takes longest, or waits for long, begins first: a worker that came to it last would keep the others waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Workers are given the files in the order of their tests (`--dist loadfile --no-loadscope-reorder`)."""
    tests = Path(__file__).parent
    places = {tests / name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: tests wait for queues, and for functions to start."""
    return len(os.sched_getaffinity(0)) + 1


@contextmanager
def client_of(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    """A client of a stack's API, which holds every answer against the API's description.

    The first request, this one's, stores the billing time zone with the tables.
    """

    def explain(answer: httpx.Response) -> None:
        """Print what only the function's log says of a defect; pytest shows it with the test that fails."""
        if answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
            print(stack.function_log("api_handler")[-LOG_CHARACTERS:])

    checks = {"response": [explain, *hooks(stack.base_url)["response"]]}
    with httpx.Client(base_url=stack.base_url, timeout=REQUEST_SECONDS, trust_env=False, event_hooks=checks) as client:
        client.get("/health").raise_for_status()
        yield client


@pytest.fixture(scope="session")
def stack() -> Iterator[EmbeddedStack]:
    """The packaged service on the embedded AWS, one for the whole session: tests take ids of their own, not resets."""
    with EmbeddedStack() as running:
        yield running


@pytest.fixture(scope="session")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    """A client of the deployed API: `api.get("/health")`."""
    with client_of(stack) as client:
        yield client
