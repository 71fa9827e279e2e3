"""Request bodies of changes of many."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from ..domain.amending import DATED_FIELDS
from ..domain.changing import Change, ChangeWhat, PriceField, PriceStep, Where
from ..domain.errors import Fault
from .assignment_bodies import TermsBody
from .bodies import Body
from .fields import Amount, Currency, Day, Flag, Id, KnownDid

NAMED_MAX: Final = 1000
"""Packages, customers, DIDs or assignments that a change names."""
_ALL_OFF: Final = -100
_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "terms": ("from", "terms"), "end": ("on",), "replace": ("from", "package_id"), "price": ("from",),
}  # fmt: skip
"""What each kind of change needs."""
_ALIASES: Final = {"from": "since"}
_STEP: Final = ("percent", "amount", "decimals", "fields", "existing")


class WhereBody(Body):
    """Which ones are meant: those for whom all holds that is said."""

    packages: Annotated[list[Id], Field(max_length=NAMED_MAX, default=[])]
    customers: Annotated[list[Id], Field(max_length=NAMED_MAX, default=[])]
    customer_prefix: Id | None = None
    currency: Currency | None = None
    dids: Annotated[list[KnownDid], Field(max_length=NAMED_MAX, default=[])]
    valid_on: Day | None = None
    assignments: Annotated[list[Id], Field(max_length=NAMED_MAX, default=[])]

    def where(self) -> Where:
        """The same as a value of the domain."""
        named = (frozenset(self.packages), frozenset(self.customers))
        chosen = frozenset(self.assignments)
        return Where(*named, self.customer_prefix or "", self.currency, frozenset(self.dids), self.valid_on, chosen)


class ChangeBody(Body):
    """What is to become of all that are meant. `from` is the first day of it; an end has `on`, the last day."""

    what: ChangeWhat
    where: Annotated[WhereBody, Field(default_factory=WhereBody)]
    all: Flag = False
    since: Annotated[Day | None, Field(alias="from")] = None
    on: Day | None = None
    terms: TermsBody | None = None
    package_id: Id | None = None
    percent: Amount | None = None
    amount: Amount | None = None
    decimals: Annotated[int, Field(ge=0, le=6, strict=True)] | None = None
    fields: Annotated[list[PriceField], Field(min_length=1, max_length=4, default=["retail"])]
    existing: Flag = True

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """What each kind needs, and that everything is not changed by mistake."""
        what = values.get("what")
        if what is None:
            return
        for name in _OF[what]:
            if values.get(_ALIASES.get(name, name), "faulty") is None:
                yield Fault(f"/{name}", f"is required for {what}")
        for name in ("from", "on", "terms", "package_id"):
            if name not in _OF[what] and values.get(_ALIASES.get(name, name)) is not None:
                yield Fault(f"/{name}", f"is not for {what}")
        yield from _step_faults(what, values)
        terms = values.get("terms")
        if what == "terms" and terms and not any(name in terms.model_fields_set for name in DATED_FIELDS):
            yield Fault("/terms", "has no terms: give at least one field")
        yield from _where_faults(what, values)

    def change(self) -> Change:
        """The same as a value of the domain."""
        begins = self.on if self.what == "end" else self.since
        if begins is None:
            raise ValueError("a change without a day")
        entry = self.terms.entry(begins) if self.terms else None
        step = PriceStep(tuple(self.fields), self.percent, self.amount, self.decimals, self.existing) if self.what == "price" else None
        return Change(
            self.what, self.where.where(), begins, entry.values if entry else {}, entry.until if entry else None, self.package_id, step
        )


def _step_faults(what: ChangeWhat, values: Mapping[str, Any]) -> Iterator[Fault]:
    percent, amount = values.get("percent"), values.get("amount")
    if what != "price":
        for name in ("percent", "amount"):
            if values.get(name) is not None:
                yield Fault(f"/{name}", f"is not for {what}")
    elif "percent" in values and "amount" in values and (percent is None) == (amount is None):
        yield Fault("/percent", "give either percent or amount")
    if percent is not None and percent < _ALL_OFF:
        yield Fault("/percent", "must be at least -100")


def _where_faults(what: ChangeWhat, values: Mapping[str, Any]) -> Iterator[Fault]:
    where = values.get("where")
    if where is None:
        return
    meant: Where = where.where()
    if meant.is_everything and not values.get("all"):
        yield Fault("/all", "must be true to change everything: otherwise say in where what is meant")
    if what == "price" and meant._replace(packages=frozenset(), currency=None) != Where():
        yield Fault("/where", "of prices can name packages and a currency only: a price is the same for all who have the package")
    if what == "replace" and not (meant.packages or meant.assignments or values.get("all")):
        yield Fault("/where/packages", "is required for replace, or assignments, or all: true")
