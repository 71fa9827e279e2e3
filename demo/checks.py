"""Compares what the service posted with the independent count, and remembers what did not hold."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from demo.independent import Expected

CHARGE_KINDS = ("setup", "recurring", "minimum_spend", "proration")

ChargeKey = tuple[str, str, str, Decimal, Decimal]
"""Assignment id, kind, due date, cost, retail: two charges that agree in all of it are the same charge twice."""


@dataclass(frozen=True)
class Check:
    """Something that must hold; `problems` says in words where it doesn't."""

    claim: str
    problems: Sequence[str]


@dataclass
class Checks:
    """All checks of one telling of the story, in order."""

    done: list[Check] = field(default_factory=list)

    def add(self, claim: str, problems: Iterable[str]) -> Check:
        """Note a claim together with every problem found with it."""
        check = Check(claim, list(problems))
        self.done.append(check)
        return check

    @property
    def failed(self) -> list[Check]:
        """The claims that do not hold."""
        return [check for check in self.done if check.problems]


def posted_charges(entries: Iterable[Any]) -> list[Any]:
    """The ledger entries that are charges and took effect; held and written-off ones did not."""
    return [e for e in entries if e["kind"] in CHARGE_KINDS and e["status"] == "posted"]


def charge_problems(expected: Iterable[Expected], entries: Iterable[Any], ids: Sequence[str]) -> list[str]:
    """What the ledger lacks and what stands there too often or not as expected; `ids` are the assignments' ids."""
    wanted = Counter(_expected_key(charge, ids) for charge in expected)
    found = Counter(_entry_key(entry) for entry in posted_charges(entries))
    lost = [f"lost: {_told(key)}" for key in (wanted - found).elements()]
    return lost + [f"doubled or wrong: {_told(key)}" for key in (found - wanted).elements()]


def balance_problems(balance: str, entries: Iterable[Any], by_count: Decimal) -> list[str]:
    """Whether the balance is the sum of the ledger's credit changes, and what the independent count says."""
    actual = Decimal(balance)
    by_ledger = sum((Decimal(entry["credit_change"]) for entry in entries), Decimal(0))
    problems = [] if actual == by_ledger else [f"the balance is {actual}, the ledger's credit changes sum to {by_ledger}"]
    return problems if actual == by_count else [*problems, f"the balance is {actual}, counted apart it is {by_count}"]


def total(entries: Iterable[Any], amount: str) -> Decimal:
    """The sum of one amount of entries in one currency."""
    return sum((Decimal(entry[amount]) for entry in entries), Decimal(0))


def _expected_key(charge: Expected, ids: Sequence[str]) -> ChargeKey:
    return ids[charge.index], charge.kind, charge.day.isoformat(), charge.cost, charge.retail


def _entry_key(entry: Any) -> ChargeKey:
    amounts = Decimal(entry["cost"]), Decimal(entry["retail"])
    return str(entry["assignment_id"]), str(entry["kind"]), str(entry["date"]), *amounts


def _told(key: ChargeKey) -> str:
    assignment_id, kind, day, cost, retail = key
    return f"{kind} of {day}, assignment {assignment_id}, cost {cost}, retail {retail}"
