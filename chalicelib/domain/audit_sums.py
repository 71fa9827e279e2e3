"""What a ledger as a whole says (rules: Audit)."""

from collections.abc import Iterator

from . import money
from .audit_figures import Amounts
from .audit_findings import NO_HELP, Finding
from .export import deductions_of
from .ledger import Entry


class LedgerSums:
    """What a ledger adds up to, and what entries take of charges: held against what the charges say, kept only while they differ."""

    def __init__(self) -> None:
        self.balance, self.held = money.ZERO, 0
        self._taken: dict[str, Amounts] = {}
        self._voided: set[str] = set()
        self._undone: set[str] = set()

    def add(self, entry: Entry) -> None:
        """Count an entry."""
        if entry.credit_change:
            self.balance = money.plus(self.balance, entry.credit_change)
        self.held += entry.status == "held"
        if entry.credited_retail or entry.credited_cost:
            self._take(entry.key, (-entry.credited_cost, -entry.credited_retail))
        if entry.voided and entry.status == "posted":
            self._meet(entry.key, self._undone, self._voided)
        if entry.takes or entry.reverses or entry.credits:
            self._add_deductions(entry)

    def _add_deductions(self, entry: Entry) -> None:
        for deduction in deductions_of(entry):
            self._take(deduction.key, (deduction.cost, deduction.retail))
            if entry.reverses or entry.recharge:
                self._meet(deduction.key, self._voided, self._undone)

    def _take(self, key: str, amounts: Amounts) -> None:
        cost, retail = self._taken.get(key, (money.ZERO, money.ZERO))
        left = money.plus(cost, amounts[0]), money.plus(retail, amounts[1])
        if any(left):
            self._taken[key] = left
        else:
            self._taken.pop(key, None)

    @staticmethod
    def _meet(key: str, others: set[str], own: set[str]) -> None:
        if key in others:
            others.remove(key)
        else:
            own.add(key)

    def findings(self, customer_id: str, currency: str) -> Iterator[Finding]:
        """Charges of which other entries take more or less than they say, and those that were undone and stand."""
        for key, (cost, retail) in sorted(self._taken.items()):
            detail = f"entries take {money.text(retail)} more of it than it says, and of its cost {money.text(cost)}"
            yield Finding("amount", customer_id, key, detail, NO_HELP, currency)
        for key in sorted(self._undone):
            detail = "was reversed, or credited to be charged again, and stands all the same"
            yield Finding("amount", customer_id, key, detail, NO_HELP, currency)
