"""How each stored format is written and read, by names of this release: each release's archive has its own such file.

    PYTHONPATH=release.zip python -m formats < written.json

reads what another release wrote, `{name: {"format": ..., "stored": ...}}`, and says what it found, field by field.
"""

import base64
import json
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, cast

from chalicelib.storage import accounts, assignments, keys, ledger, packages, packing, plans, runs, usage
from chalicelib.storage.db import Db, decode, encode

Stored = dict[str, Any]
"""An item, or what is packed in one, as DynamoDB's JSON with its bytes in base 64."""
NO_TABLES = cast(Db, None)
"""What stands in one item is read without asking for others."""


class Format(NamedTuple):
    """Writes a value as attributes of an item, and reads it back."""

    write: Callable[[Any], Mapping[str, Any]]
    read: Callable[[dict[str, Any]], Any]


def _account(account: Any) -> Mapping[str, Any]:
    return keys.account_key(account.customer_id) | accounts.ACCOUNT_CODEC.item(account) | {"listed": "customer", **_counts(account)}


def _counts(account: Any) -> Mapping[str, Any]:
    return {"balance": account.balance, "held": account.held, "assignments": account.assignments, "version": account.version}


def _run(run: Any) -> Mapping[str, Any]:
    progress = {"done": set(run.done)} if run.done else {}
    result = {"result": packing.pack_result(run.result)} if run.result else {}
    return keys.run_key(run.run_id) | runs.RUN_CODEC.item(run) | progress | result


class _Kept:
    """The item that a plan is saved as."""

    def __init__(self) -> None:
        self.item: dict[str, Any] = {}

    def write(self, action: Any) -> None:
        ((_, arguments),) = action.items()
        self.item = decode(arguments["Item"])


def _plan(plan: Any) -> Mapping[str, Any]:
    kept = _Kept()
    plans.save_plan(cast(Db, kept), "run-1", plan)
    return kept.item | ({"done": True} if plan.done else {})


def _call(rated: Any) -> Mapping[str, Any]:
    at = datetime.fromisoformat(rated.call.started_at)
    return _put(usage.create_call("acme", rated, at=at, by="switch", kept=timedelta(days=30)))


def _day_total(total: Any) -> Mapping[str, Any]:
    """What adding to a day without calls leaves."""
    values = decode(usage.add_to_day("acme", (date(2031, 1, 15), None), total)["Update"]["ExpressionAttributeValues"])
    return {name.removeprefix(":"): value for name, value in values.items()}


def _put(action: Any) -> Mapping[str, Any]:
    return decode(action["Put"]["Item"])


def _packed(pack: Callable[[Any], bytes], unpack: Callable[[bytes], Any]) -> Format:
    return Format(lambda value: {"packed": pack(value)}, lambda item: unpack(item["packed"]))


FORMATS: dict[str, Format] = {
    "account": Format(_account, accounts.account_from_item),
    "assignment": Format(lambda one: _put(assignments.create_assignment(one)), assignments.assignment_from_item),
    "package": Format(lambda one: _put(packages.create_package(one)), packages.package_from_item),
    "entry": Format(lambda one: _put(ledger.create_entry(one)), ledger.entry_from_item),
    "run": Format(_run, runs.run_from_item),
    "plan": Format(_plan, lambda item: plans.plan_from_item(NO_TABLES, item)),
    "call": Format(_call, usage.rated_from_item),
    "day_total": Format(_day_total, usage.TOTAL_CODEC.entity),
    "steps": _packed(packing.pack_steps, packing.unpack_steps),
    "not_due": _packed(packing.pack_not_due, packing.unpack_not_due),
    "result": _packed(packing.pack_result, packing.unpack_result),
    "summary": _packed(packing.pack_summary, packing.unpack_summary),
}


def write(name: str, value: Any) -> Stored:
    """A value in a format, as JSON."""
    return cast(Stored, json.loads(json.dumps(encode(FORMATS[name].write(value)), default=_as_text)))


def read(name: str, stored: Stored) -> Any:
    """What is stored in a format."""
    return FORMATS[name].read(decode(with_bytes(stored)))


def _as_text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def with_bytes(stored: Stored) -> Stored:
    """An item whose base 64 is bytes again."""
    return {name: {"B": base64.b64decode(value["B"])} if "B" in value else value for name, value in stored.items()}


def told(value: Any) -> Any:
    """A value as JSON, each field by its name, amounts by their digits."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: told(getattr(value, name)) for name in value._fields}
    if isinstance(value, Mapping):
        return {key: told(one) for key, one in value.items()}
    if isinstance(value, (frozenset, list, tuple)):
        return [told(one) for one in (sorted(value) if isinstance(value, frozenset) else value)]
    return str(value) if isinstance(value, (Decimal, date)) else value


if __name__ == "__main__":
    json.dump({name: told(read(one["format"], one["stored"])) for name, one in json.load(sys.stdin).items()}, sys.stdout)
