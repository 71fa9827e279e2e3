"""Negative lines as docs/rules.md has them: what they take of which charges, and what they leave of a charge that is made anew."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from tests.oracles import dated
from tests.oracles.dated import NOTHING, ONE_DAY

from .customers import Entry
from .rulebook import Assignment, Line

KINDS = ("recurring", "proration")


@dataclass
class Part:
    """A part of a negative line, which makes one entry: what it takes of charges that were debited, of others that were not, or of one
    that is held. `taken` has each charge with the retail and the cost that is taken."""

    line: Line
    taken: list[tuple[Entry, Fraction, Fraction]]

    @property
    def held_with(self) -> Entry | None:
        """The held charge that it is held with."""
        charge = self.taken[0][0]
        return charge if charge.status == "held" else None


def parts_of(line: Line, entries: Iterable[Entry]) -> list[Part]:
    """What a negative line comes to by now; nothing where nothing is left."""
    mine = [one for one in entries if one.assignment_id == line.assignment_id and one.line and not one.negative]
    known = {str(made): one for made, one in enumerate(mine) if one.status != "cancelled"}
    charges = [_charge(name, one) for name, one in known.items()]
    groups: dict[str, list[dated.Taken]] = {}
    for one in dated.taken_back(line, *_assignment_of(line).period(line.day), charges):
        groups.setdefault(one.charge.name if one.charge.held else f"debited: {one.charge.debited}", []).append(one)
    return [_part(line, [(known[one.charge.name], one.retail, one.cost) for one in group]) for group in groups.values()]


def _assignment_of(line: Line) -> Assignment:
    assert line.assignment is not None
    return line.assignment


def _charge(name: str, entry: Entry) -> dated.Charge:
    return dated.Charge(
        name=name, kind=entry.kind, day=entry.day, retail=entry.retail, cost=entry.cost, credited_retail=entry.taken[0],
        credited_cost=entry.taken[1], held=entry.status == "held", debited=entry.debits,
    )  # fmt: skip


def _part(line: Line, taken: list[tuple[Entry, Fraction, Fraction]]) -> Part:
    retail, cost = sum((one[1] for one in taken), NOTHING), sum((one[2] for one in taken), NOTHING)
    return Part(replace(line, retail=-retail, cost=-cost, debit=taken[0][0].debits), taken)


def anew(line: Line, made: Container[date]) -> Line:
    """A line of which nothing stands, as one sum with the negative lines of its period: those that are `made`, on these days, and those
    of days that no evaluation will look at any more. What they take does not depend on what was charged before."""
    one = _assignment_of(line)
    if one.package.proration != "daily" or line.kind not in KINDS or line.negative:
        return line
    since, until = one.period(line.day)
    charges: list[dated.Charge] = []
    for other in _of_period(one, since, until):
        if not other.negative:
            charges.append(dated.Charge(name=str(other.day), kind=other.kind, day=other.day, retail=other.retail, cost=other.cost))
        elif other.day in made or other.day < one.open_from:
            charges = _less(charges, dated.taken_back(other, since, until, charges))
    own = next((each for each in charges if each.day == line.day), None)
    return replace(line, retail=own.retail - own.credited_retail, cost=own.cost - own.credited_cost) if own else line


def _of_period(one: Assignment, since: date, until: date) -> Sequence[dated.Line]:
    found = dated.lines(one.package.facts(), one.facts(), since, until - ONE_DAY, {})
    return [line for line in found if line.kind in KINDS]


def _less(charges: Iterable[dated.Charge], taken: Iterable[dated.Taken]) -> list[dated.Charge]:
    less = {each.charge.name: each for each in taken}
    return [
        replace(one, credited_retail=one.credited_retail + less[one.name].retail, credited_cost=one.credited_cost + less[one.name].cost)
        if one.name in less
        else one
        for one in charges
    ]
