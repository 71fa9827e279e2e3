"""`make events`: the JSON Schemas of events in docs/events, made of the types that the service makes events with."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from chalicelib.domain.events import EVENT_TYPES, EventType
from chalicelib.wire import answers
from tools.bundle import ROOT

FOLDER: Final = ROOT / "docs" / "events"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MEANINGS: Final[Mapping[EventType, str]] = {
    "charge.posted": "A charge was posted at once: it was never held.",
    "charge.held": "A charge is held, because the customer's balance does not suffice; also when a negative line joins it.",
    "charge.released": "A charge that was held is posted.",
    "charge.cancelled": "A held charge was written off, or voided with the run that held it.",
    "charge.credited": "Something was taken of a posted charge: by a credit, a reversal or a negative line, while it was held or since.",
    "credit.recorded": "A credit or a reversal: the entry that gives back what charge.credited says of the charge.",
    "payment.recorded": "A payment was booked, or a correction.",
    "adjustment.recorded": "The balance was moved by what is no payment.",
    "customer.parked": "A customer has more lines due than the safety bound: nothing is charged until somebody unparks it.",
    "assignment.created": "A package was assigned.",
    "assignment.changed": "An assignment or its terms were changed, ended, cancelled, removed or restored; `change` says which.",
    "assignment.replaced": "Another assignment takes the place of this one, for the same customer or, with the number, for another.",
    "package.changed": "A package was created, changed or deleted; `change` says which.",
    "balance.low": "What a customer can still be debited fell below a threshold: the lowest of those that it passed.",
    "balance.restored": "It is back at what restores the threshold.",
    "run.finished": "A daily evaluation or a live Run Package is through, maybe with failures; again if one that failed went on.",
    "work.finished": "An export, a forecast or another long work is through, or was cancelled.",
    "price.announced": "A price list was entered, changed or removed: from when, and the prices before and after.",
    "charge.upcoming": "Charges to come of a customer on a date, told some days ahead: how many, their sum, whether the balance suffices.",
    "term.ending": "An assignment ends soon: told some days before its end date.",
    "assignment.ended": "An assignment is over: told on the day after its end date.",
    "feature.enabled": "A ConnexCS package is enabled for a customer since the evaluation of a day.",
    "feature.disabled": "A ConnexCS package is not enabled for a customer any more, since the evaluation of a day.",
    "minutes.used": "80 or 100 percent of a bucket of free minutes are used.",
}
NOTICES: Final[Mapping[EventType, Any]] = {
    "charge.upcoming": answers.UpcomingData,
    "term.ending": answers.TermData,
    "assignment.ended": answers.EndedData,
    "balance.low": answers.BalanceData,
    "balance.restored": answers.BalanceData,
    "minutes.used": answers.MinutesData,
    "feature.enabled": answers.FeatureData,
    "feature.disabled": answers.FeatureData,
}
"""What a notice of each type tells."""
_ENTRIES: Final = ("charge.", "credit.", "payment.", "adjustment.")


def schema(type_: EventType) -> dict[str, Any]:
    """The schema of a type of event: what EventBridge calls `detail`."""
    whole = TypeAdapter(answers.Event).json_schema()
    data, provider = (TypeAdapter(part).json_schema() for part in _parts(type_))
    definitions = {**data.pop("$defs", {}), **provider.pop("$defs", {})}
    properties = whole["properties"] | {"type": {"const": type_}, "data": data, "provider": provider}
    made = {"$schema": DIALECT, "title": type_, "description": MEANINGS[type_], **_of(whole), "properties": properties}
    return made | ({"$defs": definitions} if definitions else {})


def _parts(type_: EventType) -> tuple[Any, Any]:
    """The types of `data` and `provider`."""
    if type_ in NOTICES:
        return NOTICES[type_], answers.NoticeProvider
    return (answers.EntryData, answers.EntryProvider) if type_.startswith(_ENTRIES) else (answers.ChangeData, answers.ChangeProvider)


def _of(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": whole["required"]}


def text(type_: EventType) -> str:
    """The schema as its file has it."""
    return json.dumps(schema(type_), indent=1, ensure_ascii=False) + "\n"


def path(type_: EventType) -> Path:
    return FOLDER / f"{type_}.json"


def main() -> int:
    for type_ in EVENT_TYPES:
        path(type_).write_text(text(type_), encoding="utf-8")
    print(f"{FOLDER.relative_to(ROOT)}: {len(EVENT_TYPES)} schemas")
    return 0


if __name__ == "__main__":
    sys.exit(main())
