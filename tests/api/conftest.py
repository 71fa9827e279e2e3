"""Stacks of a module's own, for tests that evaluate days: how far the evaluation is belongs to the whole service."""

from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import client_of
from tools.embedded import EmbeddedStack


@pytest.fixture(scope="module")
def own_stack() -> Iterator[EmbeddedStack]:
    """The packaged service, for one test module."""
    with EmbeddedStack() as running:
        yield running


@pytest.fixture(scope="module")
def own_api(own_stack: EmbeddedStack) -> Iterator[httpx.Client]:
    """A client of the module's own stack."""
    with client_of(own_stack) as client:
        yield client
