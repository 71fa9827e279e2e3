"""What a run decides about each line, by what the ledger holds of it (rules: Auto Decrement Credit, Run Package).

`decide_held_first` is for the daily evaluation, and for backlog; `decide` adds what a Run Package says of lines that were charged.
A live run and a simulation share every function here; a simulation merely stops before the decisions are carried out (`simulating`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import takewhile
from typing import Final, Literal, NamedTuple

from . import account, money, taking_back
from .charging import Line
from .ledger import Entry, charge_key, voided_recharge_key, written_off_recharge_key
from .standing import Standing

IfCharged = Literal["charge_again", "skip"]
DecisionKind = Literal["charge", "repeat", "recharge", "retry", "take_back", "skip", "written_off", "not_over"]
REPEATS: Final[tuple[DecisionKind, ...]] = ("repeat", "recharge")
"""What makes an entry a repeat: the due date was charged before, whether that stands or not."""


class RunRequest(NamedTuple):
    """What a caller wants run. `expect` says what was seen, from which a live run may not differ: of one customer the digest, of all
    the id of the kept simulation."""

    customer_id: str | None
    date: date
    if_charged: IfCharged
    run_id: str
    include_written_off: bool = False
    expect: str | None = None


class Decision(NamedTuple):
    """What a run means to do with a line: charge it first, charge again what stands (`repeat`), or what does not stand any more
    (`recharge`), try a held charge, take back what is left of `charges` at most (`take_back`, a negative line with its nominal
    amounts), or leave alone what is charged (`skip`), `written_off` or `not_over` yet.

    `key` is the ledger key that the charge has or gets, `held` the held entry that is tried, as it was read. `charged` is the retail
    of the charge that stands for the line.
    """

    line: Line
    kind: DecisionKind
    key: str
    held: Entry | None = None
    charges: tuple[Entry, ...] = ()
    charged: Decimal | None = None

    @property
    def moves_account(self) -> bool:
        """Whether the customer's account changes with it: by a debit, because there is one held charge less, or maybe more."""
        return bool(self.line.debit) or self.kind in ("retry", "take_back")


def decide_held_first(held: Iterable[Entry], due: Iterable[Line], charges: Sequence[Entry] = ()) -> list[Decision]:
    """Try held charges before anything new that costs, as they were held and in their order; what is held is not charged anew.

    So a customer's credit goes to the oldest debt first. Only what is taken back before the first of the new charges comes earlier:
    less may be held then. `charges` are those of the customer that can be taken from.
    """
    retries = {one.key: one for one in retries_of(held)}
    fresh = [one for one in (_fresh(line, charges) for line in due) if one.key not in retries]
    leading = list(takewhile(lambda one: one.kind == "take_back", fresh))
    return [*leading, *retries.values(), *fresh[len(leading) :]]


def retries_of(held: Iterable[Entry]) -> list[Decision]:
    """Held charges to be tried, each followed by the negative entries that post with it."""
    known = {entry.key: entry for entry in held if entry.line}
    keys = [key for entry in known.values() if not entry.takes_back for key in (entry.key, *entry.parts) if key in known]
    return [Decision(entry.line, "retry", key, entry) for key in keys if (entry := known[key]).line]


def _fresh(line: Line, charges: Sequence[Entry]) -> Decision:
    if line.takes_back:
        return Decision(line, "take_back", charge_key(line.identity), charges=taking_back.charges_of_period(line, charges))
    return Decision(line, "charge", charge_key(line.identity))


def fitting(decisions: Sequence[Decision], credit: account.Credit) -> list[bool]:
    """Which decisions fit the credit, tried in order; a held charge and the negative entries held with it are one sum."""
    places, sums = tried_sums(decisions)
    fits = dict(zip(sums, account.allot(credit, sums.values())[0], strict=True))
    return [fits[place] for place in places]


def tried_sums(decisions: Sequence[Decision]) -> tuple[list[int], dict[int, Decimal]]:
    """With which of the sums each decision is tried, and the sums, in the order in which they are tried: a sum where its charge is."""
    charge_of = {key: place for place, one in enumerate(decisions) if one.held for key in one.held.parts}
    tried_with = [charge_of.get(one.key, place) if one.held else place for place, one in enumerate(decisions)]
    sums: dict[int, Decimal] = {}
    for place, decision in zip(tried_with, decisions, strict=True):
        sums[place] = money.plus(sums.get(place, money.ZERO), decision.line.debit)
    return tried_with, dict(sorted(sums.items()))


def decide(
    lines: Iterable[Line],
    standings: Mapping[str, Standing],
    held: Sequence[Entry],
    request: RunRequest,
    today: date,
    charges: Sequence[Entry] = (),
) -> list[Decision]:
    """Decide every line of the run's date by what the ledger holds of it, by key, at the first look.

    Held charges of the date are tried among the others of it, in the order of lines. A negative line for which nothing is left is
    no line, nor is one that comes to nothing, unless a charge stands for it. `charges` are those of the customer that can be taken from.
    """
    waiting, found = _keys_not_over(held, today), decide_held_first(held, lines, charges)
    decided = [_tried(one, waiting) if one.held else _as_requested(one, standings.get(one.key), request, today) for one in found]
    made = [part for one in decided if one for part in (_negative_decisions(one) if one.line.takes_back else [one])]
    return sorted(made, key=lambda decision: decision.line.order)


def _negative_decisions(decision: Decision) -> list[Decision]:
    """A negative line, if it comes to something; one that is not over in the parts that it would come to now."""
    if decision.held or decision.kind not in ("take_back", "not_over"):
        return [decision]
    parts = taking_back.parts(decision.line, decision.charges)
    if decision.kind == "take_back":
        return [decision] if parts else []
    return [Decision(part.line, "not_over", part.key) for part in parts]


def _keys_not_over(held: Iterable[Entry], today: date) -> set[str]:
    """Which held charges are not to be tried yet, with what is held with them: what day that is of does not matter."""
    charges = [one for one in held if one.line and not one.takes_back and not _amount_is_final(one.line, today)]
    return {key for one in charges for key in (one.key, *one.parts)}


def _tried(decision: Decision, waiting: set[str]) -> Decision:
    return decision._replace(kind="not_over") if decision.key in waiting else decision


def _as_requested(decision: Decision, standing: Standing | None, request: RunRequest, today: date) -> Decision | None:
    if decision.kind == "take_back" and standing:
        line = standing.taken_back or standing.first.line or decision.line
        return Decision(line, "skip", decision.key, charged=line.retail)
    if decision.kind == "charge" and standing:
        return _on_recorded(decision.line, standing, request, today)
    if decision.line.is_free:
        return None
    return decision if _amount_is_final(decision.line, today) else decision._replace(kind="not_over")


def _amount_is_final(line: Line, today: date) -> bool:
    """Whether the days that the amount depends on are over. Until then an end date or a pause may change a minimum spend or a proration
    line."""
    return line.kind not in ("minimum_spend", "proration") or line.due_date <= today


def _on_recorded(line: Line, standing: Standing, request: RunRequest, today: date) -> Decision | None:
    """What to do with a line whose charge is in the ledger. What is held of it is tried anyway."""
    if standing.charge:
        return _on_charged(line, standing, request, today)
    if standing.is_held or line.is_free:
        return None
    key, over = charge_key(line.identity), _amount_is_final(line, today)
    if standing.written_off:
        again = written_off_recharge_key(line.identity, standing.repeats)
        return Decision(line, "recharge", again) if over and request.include_written_off else Decision(line, "written_off", key)
    return Decision(line, "recharge", voided_recharge_key(line.identity, standing.voided)) if over else Decision(line, "not_over", key)


def _on_charged(line: Line, standing: Standing, request: RunRequest, today: date) -> Decision:
    """What to do with a line for which a charge stands."""
    if _amount_is_final(line, today) and request.if_charged == "charge_again" and not line.is_free:
        return Decision(line, "repeat", charge_key(line.identity, request.run_id), charged=standing.charged)
    return Decision(line, "skip", charge_key(line.identity), charged=standing.charged)
