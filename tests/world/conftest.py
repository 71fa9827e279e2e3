"""A DynamoDB for the tests of storage: each test runs on all three."""

from collections.abc import Iterator

import pytest

from chalicelib.storage.db import Db

from .backends import BACKENDS


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[tuple[str, Db]]:
    """A DynamoDB with empty tables, and its name. The embedded stack is started only for those who want it."""
    with BACKENDS[request.param](lambda: request.getfixturevalue("stack")) as db:
        yield request.param, db
