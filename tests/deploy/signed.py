"""A client for stacks whose callers API Gateway checks."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from botocore.credentials import Credentials

from tests.conftest import REQUEST_SECONDS
from tools.embedded import DUMMY_KEY, REGION, EmbeddedStack
from tools.signed import SigV4


@contextmanager
def signing(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    """A client whose requests are signed with the stack owner's credentials."""
    owner = SigV4(Credentials(DUMMY_KEY, DUMMY_KEY), REGION)
    with httpx.Client(base_url=stack.base_url, timeout=REQUEST_SECONDS, trust_env=False, auth=owner) as client:
        client.get("/health").raise_for_status()
        yield client
