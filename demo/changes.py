"""What changes on a day, as the provider file says it: price lists of a package, terms of an assignment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from demo.fields import Fields

Value = Decimal | int | None
PRICES = ("cost", "retail", "setup_cost", "setup_retail")
_AMOUNTS = (*PRICES, "discount")
_FLAGS = ("paused", "auto_decrement_credit")


@dataclass(frozen=True, kw_only=True)
class Change:
    """The fields that it names have these values from `begins` on, through `until` if there is one.

    A price list that is not for `existing` assignments is for those that start on `begins` or later.
    """

    begins: date
    until: date | None = None
    existing: bool = True
    values: Mapping[str, Value] = field(hash=False)

    def covers(self, day: date) -> bool:
        """Both ends count."""
        return self.begins <= day and (self.until is None or day <= self.until)

    def request(self) -> dict[str, object]:
        """Its fields in a request body: amounts are decimal strings."""
        until = {"until": self.until.isoformat()} if self.until else {}
        existing = {} if self.existing else {"existing": False}
        return until | existing | {name: wire(value) for name, value in self.values.items()}


def wire(value: Value) -> object:
    """A value as it is written in a request body."""
    return str(value) if isinstance(value, Decimal) else value


def value_on(changes: Sequence[Change], name: str, day: date, first: Value) -> Value:
    """The value of a field on a day: of the latest change that covers it and names the field, or the first one."""
    found = [change for change in changes if change.covers(day) and name in change.values]
    return max(found, key=lambda change: change.begins).values[name] if found else first


def read_changes(parent: Fields, name: str, where: str) -> tuple[Change, ...]:
    """The price lists or terms of a package or an assignment; none when the field is missing."""
    found = []
    for raw in parent.sequence(name) if parent.has(name) else ():
        fields = Fields(raw, f"{name} of {where}")
        begins, until = fields.day("from"), fields.optional_day("until")
        existing = fields.flag("existing") if fields.has("existing") else True
        found.append(Change(begins=begins, until=until, existing=existing, values=dict(_values(fields))))
        fields.finish()
    return tuple(found)


def _values(fields: Fields) -> Iterator[tuple[str, Value]]:
    for name in fields.names():
        if name in _AMOUNTS:
            yield name, fields.optional_amount(name)
        elif name in _FLAGS:
            yield name, fields.flag(name)
        elif name in ("quantity", "free_minutes"):
            yield name, fields.whole(name, "0")
