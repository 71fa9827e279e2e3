"""The digest of what a run means to do for a customer, so that what is posted can be held against what was seen (rules: Run Package).

It is a SHA-256 over text: the format's name, then a line for each charge, sorted. Of a charge it holds what makes it that charge,
what the run decided about it, what it comes to, and whether it fits the credit. Names and explanations, the balance and the order
in which facts were entered are no part of it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple, cast

from . import account, money
from .deciding import Decision, DecisionKind
from .pricing import ChargeKind
from .simulating import judged

CANONICAL_FORMAT: Final = "packages-billing plan 2"
"""Changes with the canonical lines, so that digests of two formats are never the same."""
_WORDS: Final[Mapping[DecisionKind, str]] = {"take_back": "charge", "skip": "leave", "written_off": "leave", "not_over": "leave"}
"""What is posted or not counts, not by which of our ways; the other decisions are said as they are."""
PlannedDecision = Literal["charge", "retry", "repeat", "recharge", "leave"]
_SAID: Final = {"leave": "leave alone", "retry": "try the held", "repeat": "charge again", "recharge": "charge anew"}
"""How decisions are told; the others as they are."""
_BETWEEN: Final = "|"
"""Stands in none of the parts: ids, words, dates and amounts."""


class PlannedCharge(NamedTuple):
    """What a canonical line says of a charge: what a run does with it, what it comes to, and whether it fits the credit; None of what is
    left alone. One-off charges belong to no assignment."""

    assignment_id: str
    kind: ChargeKind
    due_date: date
    decision: PlannedDecision
    quantity: int
    cost: Decimal
    retail: Decimal
    credit_debited: Decimal
    fits: bool | None


def digest(decisions: Sequence[Decision], credit: account.Credit) -> str:
    """The digest of a customer's decisions, tried against the credit in their order; 64 hexadecimal digits."""
    return digest_of(canonical_lines(decisions, credit))


def canonical_lines(decisions: Sequence[Decision], credit: account.Credit) -> list[str]:
    """What a digest is of: a line for each charge, sorted."""
    return sorted(_canonical(decision, fits) for decision, fits in judged(decisions, credit))


def digest_of(lines: Sequence[str]) -> str:
    """The digest of canonical lines."""
    return hashlib.sha256("\n".join([CANONICAL_FORMAT, *lines]).encode()).hexdigest()


def planned_charge(line: str) -> PlannedCharge:
    """What a canonical line says."""
    assignment_id, kind, due_date, decision, quantity, *amounts, verdict = cast(list[Any], line.split(_BETWEEN))
    cost, retail, debit = map(Decimal, amounts)
    fits = None if verdict == "-" else verdict == "yes"
    return PlannedCharge(assignment_id, kind, date.fromisoformat(due_date), decision, int(quantity), cost, retail, debit, fits)


def difference(seen: Sequence[str], now: Sequence[str]) -> str:
    """Names the first charge that two plans differ in, says how it was and how it is, and how many more differ; "" if none does."""
    was, is_now = _by_charge(seen), _by_charge(now)
    differing = sorted(charge for charge in was.keys() | is_now.keys() if was.get(charge) != is_now.get(charge))
    if not differing:
        return ""
    assignment_id, kind, due_date = charge = differing[0]
    seen_and_now = f"{_said(was.get(charge))} was seen, now it is {_said(is_now.get(charge))}"
    words = f"{kind} of {assignment_id or 'no assignment'} due {due_date}: {seen_and_now}"
    return words if len(differing) == 1 else f"{words}; {len(differing)} charges differ"


def _by_charge(lines: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
    """What canonical lines say of each charge: several, where a negative line has several parts."""
    found: dict[tuple[str, ...], list[str]] = {}
    for line in lines:
        *charge, rest = line.split(_BETWEEN, 3)
        found.setdefault(tuple(charge), []).append(rest)
    return found


def _said(parts: Sequence[str] | None) -> str:
    return " and ".join(map(_said_of_part, parts)) if parts else "nothing"


def _said_of_part(part: str) -> str:
    decided, quantity, cost, retail, debit, fits = part.split(_BETWEEN)
    held = ", which is held" if fits == "no" else ""
    return f"{_SAID.get(decided, decided)} {quantity} for {retail}, cost {cost}, debit {debit}{held}"


def _canonical(decision: Decision, fits: bool | None) -> str:
    """`a1|recurring|2031-01-15|charge|3|12.75|29.85|29.85|yes`: assignment, kind, due date, decision, quantity, cost, retail, debit,
    and whether it fits; `-` of what is left alone."""
    line = decision.line
    decided = _WORDS.get(decision.kind, decision.kind)
    words = (line.assignment_id, line.kind, line.due_date.isoformat(), decided, str(line.quantity))
    verdict = "-" if fits is None else "yes" if fits else "no"
    return _BETWEEN.join((*words, *map(money.text, (line.cost, line.retail, line.debit)), verdict))
