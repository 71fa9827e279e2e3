"""What is kept of packages for an overview: a record of each, for there are some that nobody has, and one of each customer who has it.

Their keys come behind those of all customers, package by package, so the first merge has each package whole and the second one sorts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from ...domain.overview import OverviewPackage, PackageSums, PackageUse, package_sums_of, package_sums_together, used_together
from ...domain.overview_kinds import PackageSort
from ...domain.package import Package
from ..work.strategy import Record
from ..work.sums import Json, largest_first
from .rows import by_name, json_of_monthly, monthly_of

PACKAGES: Final = "packages"
"""The files of sums; and what the record of an overview says that lists packages, as the release before did not."""
_MARK: Final = "~"
"""Begins the keys of packages. No customer's id has it."""


def package_records(packages: Mapping[str, Package], uses: Mapping[str, PackageUse], customer_id: str = "") -> Iterator[Record]:
    """What a customer has of packages; without one, that they are there."""
    for package_id, use in uses.items():
        one = packages[package_id]
        known = [one.name, one.currency, one.type, one.frequency]
        yield Record((_MARK + package_id, customer_id), [*known, use.assignments, use.units, str(use.retail), str(use.cost)])


def is_of_package(record: Record) -> bool:
    """Whether a record is of a package, and not a customer's."""
    return record.key[0].startswith(_MARK)


def package_of_records(records: Iterable[Record]) -> OverviewPackage:
    """A package, of all its records."""
    found = list(_read(records))
    key, known, _ = found[0]
    use = used_together(use for _, _, use in found)
    name, currency, type_, frequency = known
    return OverviewPackage(key.removeprefix(_MARK), name, currency, type_, frequency, use.units, use.monthly)


def _read(records: Iterable[Record]) -> Iterator[tuple[str, Sequence[Json], PackageUse]]:
    for record in records:
        *known, assignments, units, retail, cost = record.value
        yield record.key[0], known, PackageUse(assignments, units, Fraction(retail), Fraction(cost))


def package_use(sort: PackageSort) -> str:
    """What the rows of packages in an order are for."""
    return f"package_{sort}"


def package_rows(one: OverviewPackage) -> Iterator[Record]:
    """The rows of a package, one for each order."""
    orders: dict[PackageSort, str] = {
        "name": by_name(one.name), "assignments": largest_first(Decimal(one.monthly.assignments)),
        "units": largest_first(Decimal(one.units)), "value": largest_first(one.monthly.retail), "margin": largest_first(one.monthly.margin),
    }  # fmt: skip
    row = [*one[:6], json_of_monthly(one.monthly)]
    return (Record((package_use(sort), one.currency, order, one.package_id), row) for sort, order in orders.items())


def package_of(value: Json) -> OverviewPackage:
    """What was written."""
    package_id, name, currency, type_, frequency, units, monthly = value
    return OverviewPackage(package_id, name, currency, type_, frequency, units, monthly_of(monthly))


def summed(found: Iterable[OverviewPackage], number: int) -> Iterator[Record]:
    """The sums of some packages by currency, told apart from those of others by `number`."""
    sums: dict[str, PackageSums] = {}
    for one in found:
        sums[one.currency] = package_sums_together(sums.get(one.currency, PackageSums()), package_sums_of(one))
    for currency, some in sums.items():
        yield Record((PACKAGES, currency, "", "", f"{number:06}"), json_of_package_sums(some))


def json_of_package_sums(one: PackageSums) -> Json:
    """Sums of one currency."""
    return [*map(int, one[:3]), json_of_monthly(one.monthly)]


def package_sums_from(value: Json) -> PackageSums:
    """What was written."""
    packages, unassigned, units, monthly = value
    return PackageSums(packages, unassigned, units, monthly_of(monthly))
