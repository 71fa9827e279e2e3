"""Packages, their due dates, and what an import of packages makes."""

from typing import NotRequired

from typing_extensions import TypedDict

from ...domain.importing import RowChange
from ...domain.package import PackageType, Proration
from ...domain.schedule import Frequency
from .common import Count, Currency, Day, Instant, Money, Versioned, Warned, Written


class PackageFields(TypedDict):
    """What callers write of a package."""

    name: str
    description: str
    currency: Currency
    cost: Money
    retail: Money
    setup_cost: Money
    setup_retail: Money
    frequency: Frequency
    frequency_match: list[int | str]
    every: Count
    connexcs_package: str | None
    minimum_days: Count
    type: PackageType
    destination: str | None
    minimum_spend: bool
    proration: Proration
    account_code: str | None
    tax_code: str | None
    notice_days: list[int] | None


PriceList = TypedDict(
    "PriceList",
    {
        "from": Day | None, "existing": bool, "cost": Money | None, "retail": Money | None, "setup_cost": Money | None,
        "setup_retail": Money | None, "reason": str, "entered_at": Instant | None, "superseded_at": NotRequired[Instant],
    },
)  # fmt: skip
PriceList.__doc__ = "Prices from a day on; null for prices that it leaves unchanged. The first list has no `from`."


class _NextPrices(TypedDict):
    next_prices: PriceList | None


class _PackageId(TypedDict):
    package_id: str


class Package(_PackageId, PackageFields, Written, _NextPrices):
    """A product that is priced once and assigned many times."""


class ListedPackage(Package):
    """A package in a list, with how many assignments it has."""

    assignments: Count


class SavedPackage(Package, Warned):
    """A package as it was written; `effective_from` is the first day on which prices that were changed are in force."""

    effective_from: Day | None


class PriceLists(Versioned):
    """The price lists of a package, by first day, and those that were replaced or removed (`superseded`)."""

    package_id: str
    currency: Currency
    first_open_day: Day
    lists: list[PriceList]
    superseded: list[PriceList]


class SavedPriceLists(PriceLists, Warned):
    """The price lists of a package as they were written."""


class _PlannedPackageId(TypedDict):
    package_id: str | None


class PlannedPackage(_PlannedPackageId, PackageFields, Written, _NextPrices):
    """A package of an import; without an id while nothing is made."""


class DueDates(TypedDict):
    """The due dates of an assignment."""

    due_dates: list[Day]


class Clamped(TypedDict):
    """A due date that stands for a day which its month lacks."""

    date: Day
    explanation: str


class Preview(TypedDict):
    """A rule in words, its due dates, and which of them stand for a day that their month lacks."""

    rule: str
    due_dates: list[Day]
    clamped: list[Clamped]


class ImportedPackage(Warned):
    """A row of a file, and the package that it makes or changes."""

    row: Count
    change: RowChange
    package: PlannedPackage


class ImportedPackages(TypedDict):
    """What an import of packages made and changed, or would."""

    dry_run: bool
    import_id: str | None
    rows: Count
    items: list[ImportedPackage]
