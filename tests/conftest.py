"""What every test can ask for: the deployed service, and a client of its API."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.openapi.conformance import hooks
from tools.embedded import EmbeddedStack

REQUEST_SECONDS = 120


@contextmanager
def client_of(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    """A client of a stack's API, which holds every answer against the API's description.

    The first request, this one's, stores the billing time zone with the tables.
    """
    with httpx.Client(base_url=stack.base_url, timeout=REQUEST_SECONDS, trust_env=False, event_hooks=hooks(stack.base_url)) as client:
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
