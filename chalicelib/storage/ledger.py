"""The ledger: every entry is written once, under its identity. A held charge changes to posted or cancelled, and of a charge grows
what was credited of it; both on condition of the version that was read."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final, NamedTuple

from ..domain import ledger as entries
from ..domain.charging import Line
from ..domain.ledger import Entry, EntryStatus, RecordedDeduction
from ..domain.one_off import NO_PACKAGE
from ..domain.schedule import Period
from . import keys
from .codec import (
    Codec,
    always,
    date_attribute,
    dates_attribute,
    integer_attribute,
    numbers_attribute,
    plain_attribute,
    records_attribute,
    texts_attribute,
)
from .db import Action, Db, Item, put_new, update
from .keys import HELD, LEDGER, Key

_NEWEST_AT_ONCE: Final = 200
_ENTRYS_OWN: Final = ("currency", "cost", "retail", "account_code", "tax_code")
"""What a charge and its line have in common is stored once."""
_LINE_CODEC = Codec(
    Line,
    {
        "package_id": plain_attribute("package", NO_PACKAGE),
        "package_name": plain_attribute("package_name"),
        "did": plain_attribute("did", None),
        "quantity": integer_attribute("qty"),
        "unit_cost": plain_attribute("unit_cost"),
        "unit_retail": plain_attribute("unit_retail"),
        "auto_decrement_credit": always(plain_attribute("debit", False)),
        "frequency": plain_attribute("frequency"),
        "frequency_match": numbers_attribute("frequency_match"),
        "start_date": date_attribute("starts"),
        "spend": plain_attribute("spend", None),
        "discount": plain_attribute("discount", Decimal(0)),
        "package_retail": plain_attribute("package_retail", None),
        "every": integer_attribute("every", 1),
        "unit_days": integer_attribute("unit_days", 0),
        "counted_from": date_attribute("counted_from", None),
        "net_of": dates_attribute("net_of", ()),
    },
    elsewhere=("customer_id", "assignment_id", "kind", "due_date", "period", *_ENTRYS_OWN),
)
_DEDUCTION: Final = {"key": plain_attribute("of"), "retail": plain_attribute("retail"), "cost": plain_attribute("cost")}
_ENTRY_CODEC = Codec(
    Entry,
    {
        "status": plain_attribute("status"),
        "currency": plain_attribute("currency"),
        "cost": plain_attribute("cost"),
        "retail": plain_attribute("retail"),
        "credit_change": plain_attribute("credit_change"),
        "recorded_at": plain_attribute("recorded"),
        "recorded_by": plain_attribute("recorder"),
        "posted_at": plain_attribute("posted", None),
        "run_id": plain_attribute("run", None),
        "repeat": plain_attribute("repeat", False),
        "reference": plain_attribute("reference", None),
        "reverses": plain_attribute("reverses", None),
        "cancelled_by": plain_attribute("canceller", None),
        "voided": plain_attribute("voided", False),
        "version": integer_attribute("version", 1),
        "credited_retail": plain_attribute("credited", Decimal(0)),
        "credited_cost": plain_attribute("credited_cost", Decimal(0)),
        "parts": texts_attribute("parts", ()),
        "account_code": plain_attribute("account_code", None),
        "tax_code": plain_attribute("tax_code", None),
        "takes": records_attribute("takes", RecordedDeduction, _DEDUCTION),
        "credits": plain_attribute("credits", None),
        "reason": plain_attribute("reason", None),
        "recharge": plain_attribute("recharge", False),
    },
    elsewhere=("customer_id", "key", "date", "kind", "line"),
)
_PERIOD = Codec(
    Period,
    {
        "since": date_attribute("period_from"),
        "until": date_attribute("period_to"),
        "whole_until": date_attribute("period_whole_to"),
        "whole_since": date_attribute("period_whole_from", None),
    },
)


class Window(NamedTuple):
    """Which entries of a statement: dated `first..last` (days as text), or `posted_since <= instant < posted_until`. None is open."""

    first: str | None = None
    last: str | None = None
    posted_since: str | None = None
    posted_until: str | None = None

    @property
    def is_of_posting(self) -> bool:
        """Whether it is a range of posting days."""
        return self.posted_since is not None or self.posted_until is not None

    def contains(self, entry: Entry) -> bool:
        """Whether an entry lies in it."""
        if self.is_of_posting:
            return _posted_within(entry.posted_at, self)
        return (self.first or "0") <= entry.date.isoformat() <= (self.last or "9")


def entry_item(entry: Entry) -> Item:
    item = keys.entry_key(entry.customer_id, entry.key) | _ENTRY_CODEC.item(entry)
    if entry.line:
        item |= _LINE_CODEC.item(entry.line)
        if entry.line.period:
            item |= _PERIOD.item(entry.line.period)
    if entry.status == "held":
        item["held_by"] = entry.customer_id
    return item


def entry_from_item(item: Item) -> Entry:
    """The entry that an item of `ledger` holds."""
    day_text, kind = item["sk"].split("~")[:2]
    line = _line_from_item(item) if "package_name" in item else None
    return _ENTRY_CODEC.entity(
        item, customer_id=item["pk"], key=item["sk"], date=date.fromisoformat(day_text), kind=kind.partition("-")[2], line=line
    )


def _line_from_item(item: Item) -> Line:
    identity, kind = entries.key_identity(item["sk"])
    return _LINE_CODEC.entity(
        item, customer_id=item["pk"], assignment_id=identity.assignment_id, kind=kind, due_date=identity.due_date,
        period=_PERIOD.entity(item) if _PERIOD.names["since"] in item else None, **{name: item.get(name) for name in _ENTRYS_OWN},
    )  # fmt: skip


def find_entry(db: Db, customer_id: str, key: str) -> Entry | None:
    """One entry."""
    item = db.get(LEDGER, keys.entry_key(customer_id, key))
    return entry_from_item(item) if item else None


def find_entries(db: Db, ids: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Entry]:
    """The entries that exist of these (customer id, key)."""
    found = db.get_many(LEDGER, [keys.entry_key(*pair) for pair in ids])
    return {pair: entry_from_item(item) for pair, item in found.items()}


def repeats(db: Db, customer_id: str, key: str) -> list[Entry]:
    """The repeats of a charge."""
    values = {"pk": customer_id, "repeats": f"{key}~"}
    return [entry_from_item(item) for item in db.query_all(LEDGER, "#pk = :pk AND begins_with(#sk, :repeats)", values)]


def parts_of(db: Db, charge: Entry) -> list[Entry]:
    """The negative entries that are held with a charge."""
    return list(find_entries(db, [(charge.customer_id, key) for key in charge.parts]).values())


def dated_in(db: Db, customer_id: str, since: date, until: date) -> list[Entry]:
    """The entries that are dated `since <= day < until`."""
    return list(each_dated_in(db, customer_id, since, until))


def each_dated_in(db: Db, customer_id: str, since: date, until: date) -> Iterator[Entry]:
    """The same, one by one; a page is read when it is come to."""
    values = {"pk": customer_id, "since": since.isoformat(), "until": until.isoformat()}
    return map(entry_from_item, db.query_all(LEDGER, "#pk = :pk AND #sk BETWEEN :since AND :until", values))


def with_repeats(db: Db, customer_id: str, key: str) -> list[Entry]:
    """A charge and its repeats."""
    found = db.query_all(LEDGER, "#pk = :pk AND begins_with(#sk, :key)", {"pk": customer_id, "key": key})
    return [entry_from_item(item) for item in found]


def entries_of(db: Db, customer_id: str) -> Iterator[Entry]:
    """All entries of a customer, by due date; a page is read when it is come to."""
    return map(entry_from_item, db.query_all(LEDGER, "#pk = :pk", {"pk": customer_id}))


def latest_payment(db: Db, customer_id: str, most: int) -> Entry | None:
    """The newest payment among the newest `most` entries."""
    newest = db.query_all(LEDGER, "#pk = :pk", {"pk": customer_id}, newest_first=True, limit=_NEWEST_AT_ONCE)
    return next((entry for entry in map(entry_from_item, islice(newest, most)) if entry.kind == "payment"), None)


def find_statement(db: Db, customer_id: str, window: Window, after: Key | None, limit: int) -> tuple[list[Entry], Key | None]:
    """Up to `limit` entries, oldest first, and where to go on; by posting date maybe fewer. There is no index on that date: an index
    would cost a write a charge, reading a customer's entries costs next to nothing."""
    values = {"pk": customer_id, "first": window.first or "0", "last": (window.last or "9") + "~~"}
    condition = "#pk = :pk AND #sk BETWEEN :first AND :last"
    if window.is_of_posting:
        page = db.query_some(LEDGER, condition, values, lambda item: _posted_within(item.get("posted"), window), after, limit)
    else:
        page = db.query(LEDGER, condition, values, after=after, limit=limit)
    return [entry_from_item(item) for item in page.items], page.last


def _posted_within(at: str | None, window: Window) -> bool:
    posted = datetime.fromisoformat(at) if at else None
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
        found = [entry_from_item(item) for item in every]
    return sorted(found, key=lambda entry: entry.key)


def _held_in_index(db: Db, customer_id: str) -> list[Entry]:
    found = db.query_all(LEDGER, "#held_by = :customer", {"customer": customer_id}, index=HELD)
    current = find_entries(db, [(item["pk"], item["sk"]) for item in found])
    return list(current.values())


def held_page(db: Db, customer_id: str | None, after: Key | None, limit: int) -> tuple[list[Entry], Key | None]:
    """Up to `limit` held charges, of one customer or of all, and where to go on."""
    if customer_id is None:
        page = db.scan(LEDGER, index=HELD, after=after, limit=limit)
    else:
        page = db.query(LEDGER, "#held_by = :customer", {"customer": customer_id}, index=HELD, after=after, limit=limit)
    return [entry_from_item(item) for item in page.items], page.last


def create_entry(entry: Entry) -> Action:
    """Write an entry whose identity is free."""
    return put_new(LEDGER, entry_item(entry))


def post_held(entry: Entry) -> Action:
    """Post a held charge, debited or not, as the entry now says: its version follows the one that was read."""
    values = {
        "posted": "posted", "at": entry.posted_at, "change": entry.credit_change,
        "debit": entry.line is not None and entry.line.auto_decrement_credit,
    }  # fmt: skip
    change = "SET #status = :posted, #posted = :at, #credit_change = :change, #debit = :debit"
    if entry.run_id:
        change, values["run"] = change + ", #run = :run", entry.run_id
    return _next_version(entry, "held", change, "REMOVE #held_by", values)


def cancel_held_entry(entry: Entry) -> Action:
    """Cancel a held charge, written off or voided, as the entry now says: its version follows the one that was read."""
    change = "SET #status = :cancelled, #canceller = :by"
    values: dict[str, Any] = {"cancelled": "cancelled", "by": entry.cancelled_by}
    if entry.voided:
        change, values["yes"] = change + ", #voided = :yes", True
    return _next_version(entry, "held", change, "REMOVE #held_by", values)


def write_credit(entry: Entry) -> Action:
    """Write the credited sums of a charge, its parts, and whether it is voided, as the entry now says: its version follows the one
    that was read."""
    values: dict[str, Any] = {"retail": entry.credited_retail, "cost": entry.credited_cost}
    change = "SET #credited = :retail, #credited_cost = :cost"
    if entry.voided:
        change, values["yes"] = change + ", #voided = :yes", True
    if entry.parts:
        change, values["parts"] = change + ", #parts = :parts", list(entry.parts)
    return _next_version(entry, entry.status, change, "", values)


def _next_version(entry: Entry, status: EntryStatus, change: str, removed: str, values: dict[str, Any]) -> Action:
    """A change of an entry that has this status and the version before. An entry without a version is its first."""
    read = entry.version - 1
    condition = "#status = :read_status AND #version = :read"
    values = {**values, "read_status": status, "read": read, "version": entry.version}
    if read == 1:
        condition = "#status = :read_status AND attribute_not_exists(#version)"
        del values["read"]
    change = f"{change}, #version = :version {removed}".rstrip()
    return update(LEDGER, keys.entry_key(entry.customer_id, entry.key), change, condition=condition, values=values)
