"""What falls due, priced by what was in force (rules: What a due date charges)."""

from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from . import money
from .assignment import Assignment, counted_from
from .package import Package
from .prices import prices_on
from .schedule import DAY, Period
from .terms import Terms, active_quantity, first_active_day, terms_on, unit_days

ChargeKind = Literal["setup", "recurring", "minimum_spend", "proration", "one_off"]


class Due(NamedTuple):
    """One thing to charge: its kind, its date, and its period: that of a minimum spend, or what a part of a period covers."""

    kind: ChargeKind
    due_date: date
    period: Period | None = None


class Priced(NamedTuple):
    """What a due comes to, and from what. `package_retail` is the package's retail where the assignment has its own."""

    quantity: int
    unit_cost: Decimal
    unit_retail: Decimal
    cost: Decimal
    retail: Decimal
    debits: bool
    discount: Decimal = money.ZERO
    package_retail: Decimal | None = None
    unit_days: int = 0


_Unit = tuple[Terms | Assignment, Decimal, Decimal, Decimal | None]
"""The terms that are in force on a day, what one unit costs then, cost and retail, and the package's retail if that is another."""


def price(assignment: Assignment, package: Package, due: Due, spend: Decimal = money.ZERO) -> Priced | None:
    """A due, priced by what is in force on the first active day that it covers; None where no day of it is active.

    `spend` is what was spent in a minimum-spend period.
    """
    if due.period is None:
        return _setup(assignment, package) if due.kind == "setup" else _recurring(assignment, package, due.due_date)
    if due.kind == "minimum_spend":
        return _minimum_spend(assignment, package, due.period, spend)
    return _proration(assignment, package, due.due_date, due.period)


def _setup(assignment: Assignment, package: Package) -> Priced:
    """At its own prices, if it has such; a discount is for what recurs."""
    day = assignment.start_date
    terms, prices = terms_on(assignment, day), prices_on(package, day, counted_from(assignment))
    cost = prices.setup_cost if assignment.setup_cost is None else assignment.setup_cost
    retail = prices.setup_retail if assignment.setup_retail is None else assignment.setup_retail
    amounts = amount_of(cost, money.ZERO, terms.quantity, 1), amount_of(retail, money.ZERO, terms.quantity, 1)
    return Priced(terms.quantity, cost, retail, *amounts, terms.auto_decrement_credit)


def _recurring(assignment: Assignment, package: Package, day: date) -> Priced:
    terms, cost, retail, package_retail = _unit_on(assignment, package, day)
    quantity, discount = terms.quantity, terms.discount
    if quantity == 1 and not discount:  # the most frequent case of a sweep
        return Priced(1, cost, retail, cost, retail, terms.auto_decrement_credit, discount, package_retail)
    amounts = amount_of(cost, money.ZERO, quantity, 1), amount_of(retail, discount, quantity, 1)
    return Priced(quantity, cost, retail, *amounts, terms.auto_decrement_credit, discount, package_retail)


def _minimum_spend(assignment: Assignment, package: Package, period: Period, spend: Decimal) -> Priced | None:
    """The minimum is in proportion to the days and their quantities; what was spent is taken off the retail."""
    day = first_active_day(assignment, period.since, period.until)
    if day is None:
        return None
    terms, cost, retail, package_retail = _unit_on(assignment, package, day)
    units, whole = unit_days(assignment, period.since, period.until), period.whole_days
    missing = money.minus(amount_of(retail, terms.discount, units, whole), spend)
    amounts = amount_of(cost, money.ZERO, units, whole), max(money.ZERO, missing)
    return Priced(terms.quantity, cost, retail, *amounts, terms.auto_decrement_credit, terms.discount, package_retail, units)


def _proration(assignment: Assignment, package: Package, day: date, period: Period) -> Priced | None:
    """The difference to the quantity of the day before, for the rest of the period, at the unit price of the whole period."""
    first = first_active_day(assignment, period.whole.since, period.until)
    if first is None:
        return None
    terms, cost, retail, package_retail = _unit_on(assignment, package, first)
    quantity = active_quantity(assignment, day) - active_quantity(assignment, day - DAY)
    units, whole = quantity * period.days, period.whole_days
    amounts = amount_of(cost, money.ZERO, units, whole), amount_of(retail, terms.discount, units, whole)
    debits = terms_on(assignment, day).auto_decrement_credit
    return Priced(quantity, cost, retail, *amounts, debits, terms.discount, package_retail)


def _unit_on(assignment: Assignment, package: Package, day: date) -> _Unit:
    terms = terms_on(assignment, day) if assignment.terms else assignment  # its fields are the first terms
    prices = prices_on(package, day, counted_from(assignment)) if package.price_lists else package  # its fields are the first list
    cost = prices.cost if terms.cost is None else terms.cost
    if terms.retail is None:
        return terms, cost, prices.retail, None
    return terms, cost, terms.retail, prices.retail


def amount_of(unit: Decimal, discount: Decimal, units: int, whole: int) -> Decimal:
    """`units` / `whole` of a unit price, less the discount in percent."""
    if discount:
        return money.discounted_share(unit, discount, units, whole)
    if whole != 1:
        return money.share(unit, units, whole)
    return money.times(unit, units) if units != 1 else unit
