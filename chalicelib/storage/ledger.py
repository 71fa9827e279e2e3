"""The ledger: every entry is written once, under its identity; only a held charge changes, to posted or cancelled."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from ..domain import ledger as entries
from ..domain.charging import Line, Period
from ..domain.ledger import Entry
from . import keys
from .codec import Codec, day, numbers, plain, whole
from .db import Action, Db, Item, create, update
from .keys import HELD, LEDGER, Key

_LINE = Codec(
    Line,
    {
        "package_id": plain("package"),
        "package_name": plain("package_name"),
        "did": plain("did"),
        "quantity": whole("qty"),
        "unit_cost": plain("unit_cost"),
        "unit_retail": plain("unit_retail"),
        "auto_decrement_credit": plain("debit"),
        "frequency": plain("frequency"),
        "frequency_match": numbers("frequency_match"),
        "start_date": day("starts"),
        "spend": plain("spend"),
    },
)
_ENTRY = Codec(
    Entry,
    {
        "status": plain("status"),
        "currency": plain("currency"),
        "cost": plain("cost"),
        "retail": plain("retail"),
        "credit_change": plain("credit_change"),
        "recorded_at": plain("recorded"),
        "recorded_by": plain("recorder"),
        "posted_at": plain("posted"),
        "run_id": plain("run"),
        "repeat": plain("repeat"),
        "reference": plain("reference"),
        "reverses": plain("reverses"),
        "cancelled_by": plain("canceller"),
        "voided": plain("voided"),
    },
)
_PERIOD: Final = ("period_from", "period_to", "period_whole_to")


class Window(NamedTuple):
    """Which entries of a statement: dated, or posted, between two instants or days as text; None is open."""

    since: str | None = None
    until: str | None = None
    posted_since: str | None = None
    posted_until: str | None = None


def _item(entry: Entry) -> Item:
    item = keys.entry(entry.customer_id, entry.key) | _ENTRY.item(entry)
    if entry.line:
        item |= _LINE.item(entry.line)
        if entry.line.period:
            item |= {name: value.isoformat() for name, value in zip(_PERIOD, entry.line.period, strict=True)}
    if entry.status == "held":
        item["held_by"] = entry.customer_id
    return item


def from_item(item: Item) -> Entry:
    """The entry that an item of `ledger` holds."""
    day_text, kind = item["sk"].split("~")[:2]
    entry = _ENTRY.entity(item, customer_id=item["pk"], key=item["sk"], date=date.fromisoformat(day_text), kind=kind.partition("-")[2])
    return entry._replace(line=_line(item)) if "package" in item else entry


def _line(item: Item) -> Line:
    identity, kind = entries.key_identity(item["sk"])
    period = Period(*(date.fromisoformat(item[name]) for name in _PERIOD)) if _PERIOD[0] in item else None
    defaults: dict[str, Any] = {"did": None, "auto_decrement_credit": False}
    return Line(
        customer_id=item["pk"], assignment_id=identity.assignment_id, kind=kind, due_date=identity.due_date,
        currency=item["currency"], cost=item["cost"], retail=item["retail"], period=period,
        **defaults | _LINE.fields(item),
    )  # fmt: skip


def find(db: Db, customer_id: str, key: str) -> Entry | None:
    """One entry."""
    item = db.get(LEDGER, keys.entry(customer_id, key))
    return from_item(item) if item else None


def find_many(db: Db, ids: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Entry]:
    """The entries that exist of these (customer id, key)."""
    found = db.get_many(LEDGER, [keys.entry(*pair) for pair in ids])
    return {pair: from_item(item) for pair, item in found.items()}


def standing_repeat(db: Db, customer_id: str, key: str) -> Entry | None:
    """A repeat of the charge that is posted or held; None when it was never charged again."""
    values = {"pk": customer_id, "repeats": f"{key}~"}
    found = map(from_item, db.query_all(LEDGER, "#pk = :pk AND begins_with(#sk, :repeats)", values))
    return next((entry for entry in found if entry.status != "cancelled"), None)


def with_repeats(db: Db, customer_id: str, key: str) -> list[Entry]:
    """A charge and its repeats."""
    found = db.query_all(LEDGER, "#pk = :pk AND begins_with(#sk, :key)", {"pk": customer_id, "key": key})
    return [from_item(item) for item in found]


def statement(db: Db, customer_id: str, window: Window, after: Key | None, limit: int) -> tuple[list[Entry], Key | None]:
    """Up to `limit` entries, oldest first, and where to go on; by posting date maybe fewer. There is no index on that date: an index
    would cost a write a charge, reading a customer's entries costs next to nothing."""
    values = {"pk": customer_id, "since": window.since or "0", "until": (window.until or "9") + "~~"}
    condition = "#pk = :pk AND #sk BETWEEN :since AND :until"
    if window.posted_since is None and window.posted_until is None:
        page = db.query(LEDGER, condition, values, after=after, limit=limit)
    else:
        page = db.query_some(LEDGER, condition, values, lambda item: _posted_within(item, window), after, limit)
    return [from_item(item) for item in page.items], page.last


def _posted_within(item: Item, window: Window) -> bool:
    posted = datetime.fromisoformat(item["posted"]) if "posted" in item else None
    return posted is not None and not (
        (window.posted_since and posted < datetime.fromisoformat(window.posted_since))
        or (window.posted_until and posted >= datetime.fromisoformat(window.posted_until))
    )


def held_of(db: Db, customer_id: str, count: int) -> list[Entry]:
    """The customer's held charges in the order in which they are tried. `count` is the account's: when the index is
    behind it, the table itself is searched."""
    found = [entry for entry in _held_in_index(db, customer_id) if entry.status == "held"]
    if len(found) != count:
        every = db.query_all(LEDGER, "#pk = :pk", {"pk": customer_id, "held": "held"}, having="#status = :held")
        found = [from_item(item) for item in every]
    return sorted(found, key=lambda entry: entry.key)


def _held_in_index(db: Db, customer_id: str) -> list[Entry]:
    found = db.query_all(LEDGER, "#held_by = :customer", {"customer": customer_id}, index=HELD)
    current = find_many(db, [(item["pk"], item["sk"]) for item in found])
    return list(current.values())


def held_page(db: Db, customer_id: str | None, after: Key | None, limit: int) -> tuple[list[Entry], Key | None]:
    """Up to `limit` held charges, of one customer or of all, and where to go on."""
    if customer_id is None:
        page = db.scan(LEDGER, index=HELD, after=after, limit=limit)
    else:
        page = db.query(LEDGER, "#held_by = :customer", {"customer": customer_id}, index=HELD, after=after, limit=limit)
    return [from_item(item) for item in page.items], page.last


def creation(entry: Entry) -> Action:
    """Write an entry whose identity is free."""
    return create(LEDGER, _item(entry))


def release(entry: Entry) -> Action:
    """Post a held charge, debited or not, as the entry now says."""
    values = {
        "held": "held", "posted": "posted", "at": entry.posted_at, "change": entry.credit_change,
        "debit": entry.line is not None and entry.line.auto_decrement_credit,
    }  # fmt: skip
    change = "SET #status = :posted, #posted = :at, #credit_change = :change, #debit = :debit"
    if entry.run_id:
        change, values["run"] = change + ", #run = :run", entry.run_id
    return update(LEDGER, keys.entry(entry.customer_id, entry.key), change + " REMOVE #held_by", condition="#status = :held", values=values)


def cancellation(customer_id: str, key: str, *, by: str, voided: bool = False) -> Action:
    """Write off a held charge, or void it with the run that held it."""
    change = "SET #status = :cancelled, #canceller = :by"
    values: dict[str, Any] = {"cancelled": "cancelled", "held": "held", "by": by}
    if voided:
        change, values["yes"] = change + ", #voided = :yes", True
    return update(LEDGER, keys.entry(customer_id, key), change + " REMOVE #held_by", condition="#status = :held", values=values)
