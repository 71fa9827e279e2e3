"""What stands of the lines of a date, and what those come to that are charged anew."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from ...domain.assignment import Assignment, uncharged_since
from ...domain.charging import Line, in_order, priced_lines
from ...domain.deciding import Decision
from ...domain.ledger import Entry, charge_key, due_date_key
from ...domain.money import ZERO
from ...domain.package import Package
from ...domain.record import Step
from ...domain.schedule import DAY
from ...domain.standing import Standing, less_negative_lines, standing_of
from ...domain.taking_back import KINDS, charges_of_period
from ...storage import ledger, progress
from ...storage.db import Db
from ..loading import charges_behind, packages_of, without_posted
from ..posting import LedgerKey
from .sweep import Group


def read_standings(db: Db, customer_id: str, lines: Sequence[Line], recorded: Mapping[LedgerKey, Entry]) -> dict[str, Standing]:
    """What stands of a customer's lines, all of one date, by the key of their charge; of those without one nothing. `recorded` are the
    charges. Only where one of these neither stands nor is held the repeats are looked for, for all of them at once; so are the further
    parts of negative lines."""
    keys = [charge_key(line.identity) for line in lines]
    found = {key: [recorded[customer_id, key]] for key in keys if (customer_id, key) in recorded}
    if any(one.takes_back or not (one.stands or one.status == "held") for [one] in found.values()):
        day = lines[0].due_date
        found = _with_repeats(ledger.dated_in(db, customer_id, day, day + DAY), found)
    return {key: standing_of(entries) for key, entries in found.items()}


def _with_repeats(entries: Iterable[Entry], charges: Mapping[str, Sequence[Entry]]) -> dict[str, list[Entry]]:
    """The charges with their repeats, and negative lines with all of their parts, of all entries of their date."""
    found: dict[str, list[Entry]] = {key: [] for key in charges}
    for entry in entries:
        key = due_date_key(entry.key)
        if key in found:
            found[key].append(entry)
    return found


def as_one_sum(
    db: Db, today: date, group: Group, catalog: Mapping[str, Package], lines: Sequence[Line], standings: Mapping[str, Standing]
) -> list[Line]:
    """The lines, less what negative lines take of those that do not stand: no other run makes those negative lines any more."""
    known = {one.assignment_id: (one, catalog[one.package_id]) for one in group.assignments}
    anew = {line.identity for line in lines if _may_be_less(line, known[line.assignment_id][1], standings)}
    if not anew:
        return list(lines)
    last = progress.read_progress(db).last_evaluated
    since = last + DAY if last else today

    def one_sum(line: Line) -> Line:
        assignment, package = known[line.assignment_id]
        return _less_negative_lines(db, line, assignment, package, uncharged_since(assignment, since, group.account.evaluate_from))

    return [one_sum(line) if line.identity in anew else line for line in lines]


def charged_meanwhile(db: Db, customer_id: str, recharges: Sequence[Step]) -> dict[LedgerKey, Step]:
    """Of recharges that were decided earlier, those for which a charge stands or is held by now, under whatever key, with what became
    of them: a run that was interrupted may have posted a repeat since."""
    if not recharges:
        return {}
    lines = [step.line for step in recharges]
    recorded = ledger.find_entries(db, [(customer_id, charge_key(line.identity)) for line in lines])
    standings = read_standings(db, customer_id, lines, recorded)
    by_step = [(step, standings[charge_key(step.line.identity)]) for step in recharges]
    return {
        (customer_id, step.key): step._replace(status="already_charged" if standing.charge else "held", charged=standing.charged)
        for step, standing in by_step
        if standing.charge or standing.is_held
    }


def missed_negative_lines(db: Db, recharged: Iterable[Line], found: Iterable[Assignment]) -> list[Decision]:
    """The negative lines that recharges have left to an evaluation which has begun by now: it may have found nothing to take from, as
    long as the recharge was not posted. Whoever else takes them back does so under the same keys.

    To be asked for once the recharges are posted: an evaluation that begins later finds them.
    """
    lines = [one for one in recharged if one.covers]
    ids = {one.assignment_id for one in lines}
    known = {one.assignment_id: one for one in found if one.assignment_id in ids}
    begun = progress.latest_started(db) if lines else None
    if begun is None:
        return []
    catalog = packages_of(db, known.values())
    left = [
        one
        for line in lines
        if (given := known.get(line.assignment_id))
        for one in _passed_negative_lines(line, given, catalog[given.package_id], begun)
    ]
    due = in_order({one.identity: one for one in without_posted(db, left)}.values())
    charges = charges_behind(db, due)
    return [Decision(one, "take_back", charge_key(one.identity), charges=charges_of_period(one, charges)) for one in due]


def _passed_negative_lines(line: Line, assignment: Assignment, package: Package, begun: date) -> Iterator[Line]:
    """The negative lines after a recharge, through a day whose evaluation has begun, that it is not less already."""
    if line.covers is None or package.proration != "daily":
        return
    last = min(line.covers.whole.until - DAY, begun)
    for one in priced_lines(assignment, package, line.due_date + DAY, last, lambda *_: ZERO):
        if one.takes_back and one.due_date not in line.net_of:
            yield one


def _may_be_less(line: Line, package: Package, standings: Mapping[str, Standing]) -> bool:
    standing = standings.get(charge_key(line.identity))
    anew = standing is not None and standing.charge is None and not standing.is_held
    return anew and package.proration == "daily" and line.kind in KINDS and not line.takes_back


def _less_negative_lines(db: Db, line: Line, assignment: Assignment, package: Package, open_from: date) -> Line:
    """`open_from` is the first day that later runs evaluate of the assignment: they make its negative lines, but for those that are in
    the ledger already."""
    if line.covers is None:
        return line
    period = line.covers.whole
    found = priced_lines(assignment, package, period.since, period.until - DAY, lambda *_: ZERO)
    of_period = [one for one in found if one.kind in KINDS]
    open_keys = {(one.customer_id, charge_key(one.identity)) for one in of_period if one.takes_back and one.due_date >= open_from}
    open_keys -= ledger.find_entries(db, open_keys).keys()
    return less_negative_lines(line, [one for one in of_period if (one.customer_id, charge_key(one.identity)) not in open_keys])
