"""The months before today, played by the service itself: what `make serve DEMO=1` begins with.

`python -m demo.past ENDPOINT` runs the functions in this process, whose clock goes from day to day; tables, queues and the bucket
are those of the embedded stack at the endpoint. So what is there afterwards has the dates on which it would have happened.
"""

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any, Final

import boto3
import httpx
import time_machine
from chalice.test import Client
from dateutil.relativedelta import relativedelta
from rich.console import Console

from chalicelib import deployment
from demo import evenings
from demo.evenings import Evenings
from demo.independent import days
from demo.loading import load_provider
from demo.provider import SAMPLE, Provider, load
from demo.service import Service
from demo.show import progress
from demo.switch import Switch
from tools.embedded import DUMMY_KEY, REGION, STACK

MONTHS_BEFORE: Final = 2
"""The story's three months end with today's, which is lived through up to today."""
SETTINGS: Final = {
    "OVERVIEW": "false",
    "MAX_LINES_PER_CUSTOMER": str(evenings.LINES_MAX),
}  # fmt: skip
"""Days gone by need no overview. Whoever has more lines than this on a day is parked; the stack itself takes many more."""
OPENS, RUNS, CLOSES = time(0, 30), time(3), time(17)
"""When a provider's people come, when days are evaluated, and when the people go home; in UTC."""
QUEUES: Final = {
    "post_charges": "POST_CHARGES_QUEUE_URL",
    "record_usage": "RECORD_USAGE_QUEUE_URL",
    "do_work": "DO_WORK_QUEUE_URL",
    "apply_work": "APPLY_WORK_QUEUE_URL",
}
"""Who works a queue off, and the variable that has its address."""
_DATE: Final = re.compile(r"\b20\d\d-\d\d-\d\d\b")
_CONTEXT: Final = SimpleNamespace(
    function_name="past",
    memory_limit_in_mb="1024",
    invoked_function_arn="",
    aws_request_id="past",
    get_remaining_time_in_millis=lambda: 60_000,
)


def shifted(text: str, months: int) -> str:
    """The text with all its dates so many months earlier; days that a month lacks become its last."""
    return _DATE.sub(lambda found: (date.fromisoformat(found[0]) - relativedelta(months=months)).isoformat(), text)


def provider_of(today: date) -> Provider:
    """The sample provider, its three months those that end with today's."""
    months = relativedelta(load().story.first_day, today.replace(day=1) - relativedelta(months=MONTHS_BEFORE))
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as moved:
        moved.write(shifted(SAMPLE.read_text(encoding="utf-8"), 12 * months.years + months.months))
        moved.flush()
        return load(Path(moved.name))


class Past:
    """The service in this process, one request at a time. What an invoked function or a message queues is worked off at once."""

    def __init__(self, app: Any, queues: Mapping[str, str]) -> None:
        self._app, self._queues = app, queues
        self._sqs = boto3.client("sqs")
        self._gateway = Client(app).http
        self._one_at_a_time = Lock()
        transport = httpx.MockTransport(self._answer)
        self.service = Service(base_url="http://past", invoke=self._invoke, enqueue=self._enqueue, transport=transport)

    def change(self, **variables: str) -> None:
        """Go on with other variables, as a new deployment would."""
        os.environ |= variables
        deployment.configuration.cache_clear()
        deployment.shared_services.cache_clear()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        with self._one_at_a_time:
            path = request.url.raw_path.decode()
            answer = self._gateway.request(request.method, path, headers=dict(request.headers), body=request.content)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.body)

    def _invoke(self, name: str, event: Mapping[str, object]) -> Any:
        with self._one_at_a_time:
            answer = self._app.handler_map[name](dict(event), _CONTEXT)
            self._work_off()
        return answer

    def _enqueue(self, queue: str, text: str) -> None:
        with self._one_at_a_time:
            self._sqs.send_message(QueueUrl=self._queues[queue], MessageBody=text)
            self._work_off()

    def _work_off(self) -> None:
        while any(self._worked_off(name, url) for name, url in self._queues.items()):
            pass

    def _worked_off(self, name: str, url: str) -> bool:
        """Work off some messages of a queue, and say whether there were any."""
        asked = self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        )
        messages = asked.get("Messages", [])
        failed = self._app.handler_map[name]({"Records": [*map(_record, messages)]}, _CONTEXT) if messages else None
        for message in messages:
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        if failed and failed["batchItemFailures"]:
            raise RuntimeError(f"{name} failed: {failed}")
        return bool(messages)


def _record(message: Mapping[str, Any]) -> dict[str, Any]:
    """A received message as SQS gives it to a function."""
    attributes = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {name: {"stringValue": one["StringValue"]} for name, one in attributes.items()},
    }


def environment(endpoint: str) -> dict[str, str]:
    """The variables of the deployed functions, and how this process reaches the embedded AWS."""
    reach = {
        "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": DUMMY_KEY, "AWS_SECRET_ACCESS_KEY": DUMMY_KEY, "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }  # fmt: skip
    os.environ |= reach
    found = boto3.client("lambda").get_function_configuration(FunctionName=f"{STACK}-api_handler")
    return reach | found["Environment"]["Variables"]


@contextmanager
def clock_at(day: date) -> Iterator[Callable[[date, time], None]]:
    """A clock that begins with a day, and the way to set it to a later moment; it goes on from there by itself."""
    with time_machine.travel(datetime.combine(day, OPENS, UTC)) as traveller:
        yield lambda day, at: traveller.move_to(datetime.combine(day, at, UTC))


def play(past: Past, provider: Provider, today: date, advance: Callable[[], None]) -> None:
    """Load the provider on the story's first day, and live through each day up to today, which has an overview."""
    story, service = provider.story, past.service
    with clock_at(story.first_day) as set_clock:
        ids = load_provider(service, provider, advance)
        switch, people = Switch(service, provider), Evenings(service, provider, ids, today)
        for day in days(story.first_day, today):
            set_clock(day, RUNS)
            if day == today:
                past.change(OVERVIEW="true")
            if not story.outage_first_day <= day <= story.outage_last_day:
                switch.deliver(day - timedelta(days=1))
                service.evaluate(day)
            set_clock(day, CLOSES)
            people.act(day)
            advance()


def main(arguments: list[str]) -> int:
    """Play the months before today into the stack at an endpoint."""
    (endpoint,) = arguments
    os.environ |= environment(endpoint) | SETTINGS
    import app  # reads its environment

    today = datetime.now(UTC).date()
    past = Past(app.app, {name: os.environ[variable] for name, variable in QUEUES.items()})
    provider = provider_of(today)
    steps = len(provider.packages) + len(provider.customers) + (today - provider.story.first_day).days + 1
    with progress(Console(stderr=True, highlight=False), f"Living through {provider.story.first_day} to {today}", steps) as advance:
        play(past, provider, today, advance)
    past.service.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
