"""What carrying out a run's decisions would come to (rules: Run Package)."""

from collections.abc import Sequence

from . import account, taking_back
from .deciding import Decision, fitting
from .report import LEFT_ALONE, Outcome


def simulated(decisions: Sequence[Decision], credit: account.Credit) -> list[Outcome]:
    """The outcomes that carrying out the decisions would have, in their order."""
    return [
        Outcome(one.line, LEFT_ALONE.get(one.kind) or ("simulated" if fits else "held"), one.kind in ("repeat", "skip"), one.charged)
        for one, fits in judged(decisions, credit)
    ]


def judged(decisions: Sequence[Decision], credit: account.Credit) -> list[tuple[Decision, bool | None]]:
    """The decisions, negative lines in their parts, and whether each fits the credit when they are tried in order; None of what is left
    alone."""
    found = [one for decision in decisions for one in _parts_of_decision(decision)]
    fits = iter(fitting([one for one, is_held in found if not is_held and one.kind not in LEFT_ALONE], credit))
    return [(one, None if one.kind in LEFT_ALONE else not is_held and next(fits)) for one, is_held in found]


def _parts_of_decision(decision: Decision) -> list[tuple[Decision, bool]]:
    """A negative line in the parts that it comes to, and whether each is held with its charge; everything else as it is."""
    if decision.kind != "take_back":
        return [(decision, False)]
    parts = taking_back.parts(decision.line, decision.charges)
    return [(Decision(part.line, "take_back", part.key), part.held) for part in parts]
