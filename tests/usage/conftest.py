"""The deployed tables without the functions before them, for tests that call use cases in process."""

import pytest

from chalicelib.storage.db import Db
from tests.api.support import TABLES
from tools.embedded import EmbeddedStack


@pytest.fixture(scope="session")
def db(stack: EmbeddedStack) -> Db:
    """The stack's tables."""
    return Db(stack.client("dynamodb"), {name: stack.table_name(name) for name in TABLES})
