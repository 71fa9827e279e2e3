"""What the edges share: the deployment's services, made once a process and late, and the present moment."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, Final

import botocore.session
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError

from . import config, ids
from .storage.db import Db
from .storage.settings import agree_on_time_zone
from .usecases.act import Act, Services

CORRELATION_ID: Final = "correlation_id"
"""The attribute of a message that names what it belongs to; whoever reads the body needs not know."""
_CLIENT: Final = ClientConfig(
    retries={"mode": "standard", "total_max_attempts": 6},
    connect_timeout=2,
    read_timeout=10,
    max_pool_connections=16,
    parameter_validation=False,  # half of a transaction's time, for what the services check themselves
)


@lru_cache(maxsize=1)
def settings() -> config.Config:
    """The deployment's configuration."""
    return config.read()


@lru_cache(maxsize=1)
def _session() -> Any:
    return botocore.session.get_session()


def _client(service: str, **options: Any) -> Any:
    """The client that boto3 would make; importing boto3 for it takes a tenth of a cold start."""
    return _session().create_client(service, config=_CLIENT, **options)


def dynamodb(**options: Any) -> Any:
    """A DynamoDB client as the service uses it; `options` are for tools that call elsewhere."""
    client = _client("dynamodb", **options)
    client.meta.events.register("before-parse.dynamodb.Scan", _read_page)
    return client


def _read_page(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """A page's JSON is the answer as it stands: what is scanned has nothing binary. botocore walks it seven times slower."""
    if response_dict["status_code"] == 200:
        customized_response_dict.update(json.loads(response_dict["body"]))
        response_dict["body"] = b"{}"


def auth_mode() -> str:
    """Who checks callers; read anew, for it is asked for while the packager imports the routes."""
    return config.read().auth_mode


def serves_docs() -> bool:
    """Whether there is a page at `/docs`; read anew, for the same reason."""
    return config.read().serve_docs


def services(correlation_id: str | None = None) -> Services:
    """The deployment's services; what they queue carries the correlation id.

    Raises `Misconfigured` when the tables were made for another time zone.
    """
    return _services()._replace(send=partial(_send, correlation_id))


@lru_cache(maxsize=1)
def _services() -> Services:
    configured = settings()
    db = Db(dynamodb(), configured.tables)
    agree_on_time_zone(db, configured.time_zone)
    return Services(
        db,
        partial(_send, None),
        configured.segments,
        configured.max_lines_per_customer,
        configured.allow_future,
        configured.default_currency,
        configured.call_retention,
    )


@lru_cache(maxsize=1)
def reach_tables(_moment: int) -> None:
    """Read the tables, once a moment, which is a number; a failure is not kept. Raises what reading them does."""
    agree_on_time_zone(_services().db, settings().time_zone)


@lru_cache(maxsize=1)
def _queue() -> Any:
    return _client("sqs")


def _send(correlation_id: str | None, messages: list[dict[str, object]]) -> None:
    """Queue messages, one by one: there are a few dozen a day, and a batch can be refused in part."""
    attributes = {CORRELATION_ID: {"DataType": "String", "StringValue": correlation_id}} if correlation_id else {}
    for message in messages:
        _queue().send_message(QueueUrl=settings().queue_url, MessageBody=json.dumps(message), MessageAttributes=attributes)


def bring_back(queue_url: str, receipt_handle: str, seconds: int) -> None:
    """Have a message that was received come back after so many seconds. If it can't be told, it comes back later by itself."""
    with suppress(ClientError, BotoCoreError):
        _queue().change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)


def act(by: str, *, derived_from: tuple[str, str] | None = None) -> Act:
    """The present request. `derived_from`: when it was first made, and its fingerprint, to make the same things again.

    A retry keeps the first attempt's day too: after midnight its keys would be others.
    """
    clock = partial(datetime.now, UTC)
    now = clock()
    begun = datetime.fromisoformat(derived_from[0]) if derived_from else now
    made = ids.derived(begun, derived_from[1]) if derived_from else ids.new(now)
    return Act(by, now, begun.astimezone(settings().zone).date(), made, clock)
