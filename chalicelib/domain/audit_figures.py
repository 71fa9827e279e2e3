"""Whether an entry is what its own figures come to (rules: Audit). It needs nothing but the entry."""

from collections.abc import Iterator
from decimal import Decimal

from . import money
from .charging import Line
from .export import deductions_of
from .ledger import Entry, due_date_key
from .pricing import amount_of
from .taking_back import KINDS

Amounts = tuple[Decimal, Decimal]
"""Cost and retail."""


def recomputed(line: Line) -> Amounts:
    """What a line that takes nothing back comes to by its unit prices, quantity, discount, days and spend."""
    units, whole = line.quantity, 1
    if line.kind == "proration" and line.period:
        units, whole = line.quantity * line.period.days, line.period.whole_days
    if line.kind == "minimum_spend" and line.period:
        units, whole = line.unit_days or line.quantity * line.period.days, line.period.whole_days
    retail = amount_of(line.unit_retail, line.discount, units, whole)
    if line.kind == "minimum_spend":
        retail = max(money.ZERO, money.minus(retail, line.spend or money.ZERO))
    return amount_of(line.unit_cost, money.ZERO, units, whole), retail


def entry_faults(entry: Entry, currency: str) -> Iterator[str]:
    """What contradicts what in an entry of a customer with this currency, in words."""
    if entry.currency != currency:
        yield f"it is in {entry.currency}, the customer's currency is {currency}"
    if (entry.status == "posted") != (entry.posted_at is not None):
        yield f"it is {entry.status} and says {'when' if entry.posted_at else 'no instant at which'} it was posted"
    if entry.status != "posted" and entry.credit_change:
        yield f"it is {entry.status} and changes the balance by {money.text(entry.credit_change)}"
    if entry.line is None:
        yield from _other_faults(entry)
    else:
        yield from _charge_faults(entry, entry.line)


def _charge_faults(entry: Entry, line: Line) -> Iterator[str]:
    if line.takes_back:
        taken = money.total(one.cost for one in entry.takes), money.total(one.retail for one in entry.takes)
        if entry.takes and (-taken[0], -taken[1]) != (line.cost, line.retail):
            yield f"what it takes back of charges is {money.text(taken[1])}, cost {money.text(taken[0])}"
    elif (line.cost, line.retail) != (made := recomputed(line)) and not _is_less(entry, line, made):
        yield f"its own figures come to {money.text(made[1])}, cost {money.text(made[0])}"
    if entry.status == "posted" and entry.credit_change != -line.debit:
        yield f"it changes the balance by {money.text(entry.credit_change)}, and should by {money.text(-line.debit)}"
    if entry.status == "held" and not line.auto_decrement_credit:
        yield "it is held and debits nothing"
    if entry.repeat != (entry.key != due_date_key(entry.key) and not line.takes_back):
        yield f"it is {'' if entry.repeat else 'not '}marked as a repeat"
    if entry.voided and entry.status == "posted" and not line.takes_back and (entry.left_retail or entry.left_cost):
        yield f"it is voided, and {money.text(entry.left_retail)} is left of it, cost {money.text(entry.left_cost)}"


def _is_less(entry: Entry, line: Line, made: Amounts) -> bool:
    """Whether it was charged anew as one sum with what negative lines take of it."""
    return entry.repeat and line.kind in KINDS and money.ZERO <= line.cost <= made[0] and money.ZERO <= line.retail <= made[1]


def _other_faults(entry: Entry) -> Iterator[str]:
    """Of what is no charge: it takes back what it says of one, or it only moves the balance."""
    takes_back = entry.kind in ("reversal", "credit")
    moves = (money.ZERO, -entry.retail) if takes_back else (entry.credit_change,)
    if entry.status == "posted" and entry.credit_change not in moves:
        yield f"it changes the balance by {money.text(entry.credit_change)}, and takes back {money.text(-entry.retail)}"
    if not takes_back and (entry.retail or entry.cost):
        yield f"a {entry.kind} has neither retail nor cost"
    if takes_back and not any(deductions_of(entry)):
        yield f"a {entry.kind} names no charge"
