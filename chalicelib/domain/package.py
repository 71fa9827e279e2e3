"""A package: a product priced once and assigned many times (rules: Words, What a due date charges)."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from . import money
from .errors import Fault
from .schedule import WEEKDAYS, Frequency, Match, Schedule
from .warning import BillingWarning, below_cost_warning

PackageType = Literal["standard", "free_minutes"]
Proration = Literal["none", "daily"]

FIXED_ONCE_ASSIGNED: Final = (
    "currency", "type", "frequency", "frequency_match", "every", "proration", "minimum_spend", "destination", "connexcs_package",
)  # fmt: skip
"""Fields whose change would alter the kinds, periods, buckets and features of days that are past."""
PRICE_FIELDS: Final = ("cost", "retail", "setup_cost", "setup_retail")

MINIMUM_DAYS_MAX: Final = 3650
EVERY_MAX: Final = {"daily": 366, "weekly": 52, "monthly": 120}


class PriceList(NamedTuple):
    """Prices from a day on; None is not named. Not `existing`: for assignments that begin on that day or later.

    One that is `superseded_at` an instant (ISO 8601) only says what was charged before. `reason` says why one was entered, which is
    asked of those that begin on a day that was not open.
    """

    begins: date
    existing: bool = True
    cost: Decimal | None = None
    retail: Decimal | None = None
    setup_cost: Decimal | None = None
    setup_retail: Decimal | None = None
    entered_at: str = ""
    superseded_at: str | None = None
    reason: str = ""

    @property
    def named(self) -> dict[str, Decimal]:
        """The prices that it names."""
        return {name: price for name in PRICE_FIELDS if (price := getattr(self, name)) is not None}


class Package(NamedTuple):
    """Prices are per unit, in `currency`; those of the package itself are its first list, which `price_lists` follow.

    `frequency_match` holds days 1..31 or weekdays 0..6 from Monday; `every` counts days, weeks or months.

    `assignments` counts the ones that exist, ended or not; a `deleted` package is kept for what is still due on them.
    `assigned` turns true with the first assignment and never back; packages of former releases only have the count.

    `account_code` and `tax_code` say under what its charges are booked; only an accountant's program reads them.
    `notice_days` says how many days before a charge customers are told; None: as the deployment does, 0: never.
    """

    package_id: str
    name: str
    currency: str
    description: str = ""
    cost: Decimal = money.ZERO
    retail: Decimal = money.ZERO
    setup_cost: Decimal = money.ZERO
    setup_retail: Decimal = money.ZERO
    frequency: Frequency = "none"
    frequency_match: Match = ()
    connexcs_package: str | None = None
    minimum_days: int = 0
    type: PackageType = "standard"
    destination: str = ""
    minimum_spend: bool = False
    version: int = 1
    created_at: str = ""
    created_by: str = ""
    updated_at: str = ""
    updated_by: str = ""
    assignments: int = 0
    deleted: bool = False
    assigned: bool = False
    every: int = 1
    proration: Proration = "none"
    price_lists: tuple[PriceList, ...] = ()
    superseded_lists: tuple[PriceList, ...] = ()
    account_code: str | None = None
    tax_code: str | None = None
    notice_days: tuple[int, ...] | None = None
    imported: str | None = None

    @property
    def was_assigned(self) -> bool:
        """Whether it is, or ever was, assigned to anybody."""
        return self.assigned or self.assignments > 0

    def schedule(self, start: date) -> Schedule:
        """When something that starts on `start` is charged."""
        return Schedule(self.frequency, self.frequency_match, self.every, start)


def match_faults(frequency: Frequency, match: tuple[Any, ...]) -> Iterator[Fault]:
    """What is wrong with `match` (as given: weekday names or days) for this frequency, one fault an element."""
    if match and frequency not in ("weekly", "monthly"):
        yield Fault("/frequency_match", f"only weekly and monthly packages have match days; this one is {frequency}")
        return
    for n, value in enumerate(match):
        pointer = f"/frequency_match/{n}"
        if frequency == "weekly" and value not in WEEKDAYS:
            yield Fault(pointer, f"a weekly package matches weekdays: {', '.join(WEEKDAYS)}")
        elif frequency == "monthly" and not (type(value) is int and 1 <= value <= 31):
            yield Fault(pointer, "a monthly package matches days of the month: 1 to 31")
        elif value in match[:n]:
            yield Fault(pointer, "is given twice")


def parse_match(frequency: Frequency, match: tuple[Any, ...]) -> Match:
    """The stored form of a faultless match: sorted days, or weekday numbers from Monday."""
    return tuple(sorted(WEEKDAYS.index(value) if frequency == "weekly" else value for value in match))


def wire_match(frequency: Frequency, match: Match) -> list[str] | list[int]:
    """The match as callers write it."""
    return [WEEKDAYS[n] for n in match] if frequency == "weekly" else list(match)


def field_faults(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults between fields that are each well-formed. A field missing from `values` is faulty by itself and judges nothing."""
    if "frequency" in values and "frequency_match" in values:
        yield from match_faults(values["frequency"], tuple(values["frequency_match"]))
    if values.get("destination") and values.get("type") == "standard":
        yield Fault("/destination", "only packages of type free_minutes have a destination")
    if values.get("minimum_spend") and values.get("frequency") == "none":
        yield Fault("/minimum_spend", "needs a frequency other than none")
    if "frequency" in values and "every" in values:
        yield from every_faults(values["frequency"], values["every"])
        yield from proration_faults(values)


def every_faults(frequency: Frequency, every: int) -> Iterator[Fault]:
    """Whether a frequency can be every so many."""
    most = EVERY_MAX.get(frequency, 1)
    if every > most:
        yield Fault("/every", f"must be 1 to {most} for a {frequency} package" if most > 1 else f"must be 1 for {frequency} packages")


def proration_faults(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Whether the days of a period can be told apart, so that a part of them can be charged."""
    whole = values.get("frequency") == "none" or (values.get("frequency") == "daily" and values.get("every") == 1)
    if values.get("proration") == "daily" and whole:
        yield Fault("/proration", "daily is only for packages with periods of more than one day")


def destination_fault(pattern: str) -> str | None:
    """Why `pattern` is not alternatives of anchored digit prefixes (`^44|^91`), with the position of its first bad character."""
    position = 0
    for alternative in pattern.split("|") if pattern else ():
        if not alternative.startswith("^"):
            return f"character {position + 1} must be ^: alternatives look like ^44|^91"
        digits = next((n for n, c in enumerate(alternative[1:]) if c not in "0123456789"), len(alternative) - 1)
        if digits < len(alternative) - 1 or not digits:
            return f"character {position + digits + 2} must be a digit"
        position += len(alternative) + 1
    return None


def changed_fixed_fields(old: Package, new: Package) -> list[str]:
    """The fields of an edit that may not change once the package was assigned."""
    return [name for name in FIXED_ONCE_ASSIGNED if getattr(old, name) != getattr(new, name)]


def package_warnings(package: Package) -> Iterator[BillingWarning]:
    """What is allowed but seldom meant: a price below its cost, and a resold service that is charged only once."""
    currency = package.currency
    yield from below_cost(package)
    if package.connexcs_package and package.frequency == "none" and package.retail:
        once = f"{money.shown(package.retail, currency)} {currency} once, on its start date"
        detail = f"is none: an assignment is charged {once}, and nothing for later months; choose monthly to charge each month"
        yield BillingWarning("charged_once", detail, "/frequency")


def below_cost(package: Package) -> Iterator[BillingWarning]:
    """Which of the package's own prices lie below their cost."""
    prices = {"setup_retail": (package.setup_retail, package.setup_cost), "retail": (package.retail, package.cost)}
    for name, (retail, cost) in prices.items():
        if retail < cost:
            yield below_cost_warning(name, retail, cost, package.currency)
