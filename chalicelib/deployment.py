"""What the edges share: the deployment's services, made once a process and late, and the present moment."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

import botocore.session
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError

from . import config, ids
from .storage.db import Db
from .storage.objects import Objects
from .storage.settings import agree_on_time_zone
from .usecases.messages import MESSAGE_VERSION
from .usecases.request_context import RequestContext, Services

if TYPE_CHECKING:
    from .storage.event_bus import EventBus
    from .storage.event_file import EventFile

CORRELATION_ATTRIBUTE: Final = "correlation_id"
"""The message attribute that carries the correlation id; readers of the body don't need it."""
VERSION_ATTRIBUTE: Final = "message_version"
"""The message attribute that carries the version of the body."""
_CLIENT: Final = ClientConfig(
    retries={"mode": "standard", "total_max_attempts": 6},
    connect_timeout=2,
    read_timeout=10,
    max_pool_connections=16,
    parameter_validation=False,  # half of a transaction's time, for what the services check themselves
)


@lru_cache(maxsize=1)
def configuration() -> config.Config:
    """The deployment's configuration."""
    return config.read_config()


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
    """Who checks callers. It is read every time, because the packager asks for it while importing the routes."""
    return config.read_config().auth_mode


def serves_docs() -> bool:
    """Whether there is a page at `/docs`; read anew, for the same reason."""
    return config.read_config().serve_docs


def keeps_events() -> bool:
    """Whether the latest events are kept and can be listed; read anew, for the same reason."""
    return bool(config.read_config().events_file)


def services(correlation_id: str | None = None) -> Services:
    """The deployment's services; what they queue carries the correlation id.

    Raises `Misconfigured` when the tables were made for another time zone.
    """
    configured = configuration()
    return shared_services()._replace(
        send=partial(send_messages, correlation_id, configured.queue_url),
        send_work=partial(send_messages, correlation_id, configured.work_queue_url),
        send_apply=partial(send_messages, correlation_id, configured.apply_queue_url),
    )


@lru_cache(maxsize=1)
def shared_services() -> Services:
    configured = configuration()
    db = Db(dynamodb(), configured.tables)
    agree_on_time_zone(db, configured.time_zone)
    return Services(
        db,
        partial(send_messages, None, configured.queue_url),
        configured.segments,
        configured.max_lines_per_customer,
        configured.allow_future,
        configured.default_currency,
        configured.call_retention,
        send_work=partial(send_messages, None, configured.work_queue_url),
        send_apply=partial(send_messages, None, configured.apply_queue_url),
        objects=objects,
        event_bus=event_bus,
        overview=configured.overview,
        notices=configured.notices,
    )


@lru_cache(maxsize=1)
def reach_tables(_moment: int) -> None:
    """Read the tables, once a moment, which is a number; a failure is not kept. Raises what reading them does."""
    agree_on_time_zone(shared_services().db, configuration().time_zone)


@lru_cache(maxsize=1)
def sqs() -> Any:
    return _client("sqs")


@lru_cache(maxsize=1)
def objects() -> Objects:
    """The bucket of results. Its client takes longer to make than the others together, so it is made when it is needed first.

    Links are signed with version 4, which is all that S3 takes everywhere, and lead to the bucket's own region: a new bucket elsewhere is
    redirected to for a while, which a browser that PUTs does not follow.
    """
    options = ClientConfig(signature_version="s3v4", s3={"addressing_style": "virtual"}, read_timeout=60)
    client = _session().create_client("s3", config=_CLIENT.merge(options))
    return Objects(client, configuration().results_bucket)


@lru_cache(maxsize=1)
def event_bus() -> "EventBus":
    """The bus of events. Only `tell` makes its client."""
    from .storage.event_bus import EventBus  # not in other functions' cold starts

    return EventBus(_client("events"), configuration().event_bus)


def event_file() -> "EventFile":
    """The latest events. Only where `keeps_events`."""
    from .storage.event_file import EventFile  # not in cold starts

    return EventFile(configuration().events_file)


def send_messages(correlation_id: str | None, queue_url: str, messages: list[dict[str, object]]) -> None:
    """Queue messages, one by one: there are a few dozen a day, and a batch can be refused in part."""
    attributes = {VERSION_ATTRIBUTE: {"DataType": "Number", "StringValue": str(MESSAGE_VERSION)}}
    if correlation_id:
        attributes[CORRELATION_ATTRIBUTE] = {"DataType": "String", "StringValue": correlation_id}
    for message in messages:
        sqs().send_message(QueueUrl=queue_url, MessageBody=json.dumps(message), MessageAttributes=attributes)


def bring_back(queue_url: str, receipt_handle: str, seconds: int) -> None:
    """Have a received message delivered again after so many seconds. If that fails, the queue delivers it later by itself."""
    with suppress(ClientError, BotoCoreError):
        sqs().change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)


def request_context(by: str, *, derived_from: tuple[str, str] | None = None) -> RequestContext:
    """The present request. `derived_from`: when it was first made, and its fingerprint, to make the same things again.

    A retry keeps the first attempt's day too: after midnight its keys would be others.
    """
    clock = partial(datetime.now, UTC)
    now = clock()
    begun = datetime.fromisoformat(derived_from[0]) if derived_from else now
    made = ids.derived(begun, derived_from[1]) if derived_from else ids.new(now)
    today = begun.astimezone(configuration().zone).date()
    return RequestContext(
        by, now, today, made, clock, history_retention=configuration().history_retention, thresholds=configuration().thresholds
    )
