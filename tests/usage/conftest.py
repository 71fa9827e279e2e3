"""Tables of their own on the embedded AWS, for tests that call use cases in process: the deployed functions don't see them."""

import pytest

from chalicelib.storage.db import Db
from tests.world.backends import with_tables
from tools.embedded import EmbeddedStack


@pytest.fixture(scope="session")
def db(stack: EmbeddedStack) -> Db:
    """The service's tables; tests take ids of their own."""
    return with_tables(stack.client("dynamodb"))
