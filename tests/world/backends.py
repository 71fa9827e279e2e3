"""The three DynamoDBs that the storage tests run against, each with tables of its own for every test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from chalicelib.storage.db import Db
from chalicelib.storage.keys import TABLES
from tools.embedded import EmbeddedStack

from .dynamodb import DynamoDb

_numbers = count()


def with_tables(client: Any) -> Db:
    """The service's tables, empty, beside those that a DynamoDB has already."""
    prefix = f"contract-{next(_numbers)}-"
    for name, definition in TABLES.items():
        arguments = {key: value for key, value in definition.items() if key != "TimeToLive"}
        client.create_table(TableName=prefix + name, BillingMode="PAY_PER_REQUEST", **arguments)
    return Db(client, {name: prefix + name for name in TABLES})


@contextmanager
def world(_: Callable[[], EmbeddedStack]) -> Iterator[Db]:
    """The deterministic one."""
    yield Db(DynamoDb(TABLES), {name: name for name in TABLES})


@contextmanager
def moto(_: Callable[[], EmbeddedStack]) -> Iterator[Db]:
    """moto, in process."""
    with mock_aws():
        yield with_tables(boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"))


@contextmanager
def ministack(stack: Callable[[], EmbeddedStack]) -> Iterator[Db]:
    """The embedded stack's, over HTTP."""
    yield with_tables(stack().client("dynamodb"))


BACKENDS: Final = {"world": world, "moto": moto, "ministack": ministack}


Case = Callable[[Db], None]
"""Something that a DynamoDB is to do."""


def expect_lacking(request: pytest.FixtureRequest, lacking: str | None) -> None:
    """Expect the test to fail where its backend is known to lack something; strictly, so that a gap that has closed is noticed."""
    if lacking:
        request.applymarker(pytest.mark.xfail(reason=lacking, strict=True))
