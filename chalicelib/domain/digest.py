"""The digest of what a run means to do for a customer, so that what is posted can be held against what was seen (rules: Run Package).

It is a SHA-256 over text: the format's name, then a line for each charge, sorted. Of a charge it holds what makes it that charge,
what the run decided about it, what it comes to, and whether it fits the credit. Names and explanations, the balance and the order
in which facts were entered are no part of it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from . import account, money
from .deciding import Decision, DecisionKind
from .simulating import judged

CANONICAL_FORMAT: Final = "packages-billing plan 2"
"""Changes with the canonical lines, so that digests of two formats are never the same."""
_WORDS: Final[Mapping[DecisionKind, str]] = {"take_back": "charge", "skip": "leave", "written_off": "leave", "not_over": "leave"}
"""What is posted or not counts, not by which of our ways; the other decisions are said as they are."""
_BETWEEN: Final = "|"
"""Stands in none of the parts: ids, words, dates and amounts."""


def digest(decisions: Sequence[Decision], credit: account.Credit) -> str:
    """The digest of a customer's decisions, tried against the credit in their order; 64 hexadecimal digits."""
    lines = sorted(_canonical(decision, fits) for decision, fits in judged(decisions, credit))
    return hashlib.sha256("\n".join([CANONICAL_FORMAT, *lines]).encode()).hexdigest()


def _canonical(decision: Decision, fits: bool | None) -> str:
    """`a1|recurring|2031-01-15|charge|3|12.75|29.85|29.85|yes`: assignment, kind, due date, decision, quantity, cost, retail, debit,
    and whether it fits; `-` of what is left alone."""
    line = decision.line
    decided = _WORDS.get(decision.kind, decision.kind)
    words = (line.assignment_id, line.kind, line.due_date.isoformat(), decided, str(line.quantity))
    verdict = "-" if fits is None else "yes" if fits else "no"
    return _BETWEEN.join((*words, *map(money.text, (line.cost, line.retail, line.debit)), verdict))
