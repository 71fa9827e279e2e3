"""An issuer, and the packaged service that takes its tokens."""

from collections.abc import Iterator

import httpx
import pytest

from tests.auth.local_issuer import AUDIENCE, LocalIssuer
from tests.conftest import client_of
from tools.embedded import EmbeddedStack

TOLD: pytest.StashKey[str] = pytest.StashKey()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says how much of who may call what was asked."""
    if TOLD in config.stash:
        terminalreporter.write_line(f"who may call: {config.stash[TOLD]}")


@pytest.fixture(scope="session")
def issuer() -> Iterator[LocalIssuer]:
    """An issuer that runs as long as the tests; those that stop one, or change its keys, start their own."""
    with LocalIssuer() as running:
        yield running


@pytest.fixture(scope="session")
def guarded(issuer: LocalIssuer) -> Iterator[EmbeddedStack]:
    """The packaged service with AUTH_MODE=jwt."""
    with EmbeddedStack(env={"AUTH_MODE": "jwt", "AUTH_ISSUER": issuer.url, "AUTH_AUDIENCE": AUDIENCE}) as running:
        yield running


@pytest.fixture(scope="session")
def client(guarded: EmbeddedStack) -> Iterator[httpx.Client]:
    """A client of the guarded API that shows no token by itself."""
    with client_of(guarded) as found:
        yield found
