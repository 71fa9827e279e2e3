"""What a charge should be by given facts, and whether it is that (rules: Audit)."""

from collections.abc import Iterator
from datetime import date

from . import charging, money, taking_back
from .audit_facts import Facts, as_of
from .audit_figures import Amounts
from .charging import Line
from .ledger import Entry
from .pricing import Due
from .schedule import DAY
from .standing import less_negative_lines


def expected_line(facts: Facts, entry: Entry, due: Due | None) -> Line | None:
    """The line of the entry's due date by these facts, with the spend that it was settled with; None if nothing is due. `due` is what
    falls due, if that is known."""
    one, package = facts
    line = entry.line
    if due is None:
        found = (each for each in charging.dues(one, package, entry.date, entry.date) if each.kind == entry.kind)
        due = next(found, None)
    return charging.priced_line(one, package, due, line.spend if line else None, free=True) if due else None


def agrees(expected: Line | None, facts: Facts, entry: Entry, line: Line) -> bool:
    """Whether a charge is the line that was expected. Names and codes are those of the day; who pays may have changed while it was held.

    Negative lines, and what was charged anew, come to less where less is left.
    """
    if expected is None:
        return False
    tried_later = entry.posted_at != entry.recorded_at
    same = expected._replace(
        package_name=line.package_name, did=line.did, account_code=line.account_code, tax_code=line.tax_code,
        unit_days=expected.unit_days if line.unit_days else 0,
        auto_decrement_credit=line.auto_decrement_credit if tried_later or line.takes_back else expected.auto_decrement_credit,
    )  # fmt: skip
    if same == line:
        return True
    if same._replace(cost=line.cost, retail=line.retail) != line:
        return False
    if line.takes_back:
        return expected.cost <= line.cost <= 0 and expected.retail <= line.retail <= 0
    return entry.repeat and (line.cost, line.retail) in _charged_anew(facts, expected)


def _charged_anew(facts: Facts, line: Line) -> Iterator[Amounts]:
    """What a charge can come to that is made anew, by how many of the negative lines of its period were passed by then."""
    covers = line.covers
    if line.kind not in taking_back.KINDS or covers is None:
        return
    period = covers.whole
    lines = [
        each
        for each in charging.priced_lines(*facts, period.since, period.until - DAY, lambda *_: money.ZERO)
        if each.kind in taking_back.KINDS
    ]
    for until in (*(each.due_date for each in lines if each.takes_back), date.max):
        less = less_negative_lines(line, [each for each in lines if not each.takes_back or each.due_date < until])
        yield less.cost, less.retail


def before_dated_terms(facts: Facts, entry: Entry, line: Line, expected: Line) -> bool:
    """Whether a charge may be older than the dates of prices and terms: nothing dated was entered before it, and only what could be
    changed in place then is other than today."""
    first = as_of(facts, entry.recorded_at)
    dated = [one.entered_at for one in first.package.price_lists] + [one.entered_at for one in first.assignment.terms]
    today = expected._replace(
        package_name=line.package_name, did=line.did, account_code=line.account_code, tax_code=line.tax_code,
        quantity=line.quantity, unit_cost=line.unit_cost, unit_retail=line.unit_retail, unit_days=line.unit_days,
        cost=line.cost, retail=line.retail, package_retail=line.package_retail, discount=line.discount,
        auto_decrement_credit=line.auto_decrement_credit,
    )  # fmt: skip
    return not any(dated) and today == line
