"""Looks at every commit of a world's tables: what must hold after each single write, and all versions that things ever had."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from chalicelib.domain.package import FIXED_ONCE_ASSIGNED
from chalicelib.storage import keys

from .scheduler import Process
from .tables import Change, Item

ASSIGNMENT: Final = "ASSIGNMENT#"
_ZERO: Final = Decimal(0)


class Broken(AssertionError):
    """An invariant does not hold."""


def text(item: Item | None, name: str) -> str | None:
    """A text attribute."""
    return item[name]["S"] if item and name in item else None


def amount(item: Item | None, name: str) -> Decimal:
    """A number; 0 when it is missing."""
    return Decimal(item[name]["N"]) if item and name in item else _ZERO


class Watch:
    """An observer of a `DynamoDb`. Faults are kept, not raised: the code under test must not see them."""

    def __init__(self, process: Callable[[], Process]) -> None:
        self._process = process
        self.broken: list[str] = []
        self.checked: Counter[str] = Counter()
        self.assignments: dict[tuple[str, str], list[Item]] = defaultdict(list)
        self.removed: set[tuple[str, str]] = set()
        self.packages: dict[str, list[Item]] = defaultdict(list)
        self.runs: dict[str, str] = {}
        self.begun: date | None = None
        """The latest day whose evaluation has begun."""
        self.statuses: dict[tuple[str, str], str | None] = {}
        """Of ledger entries, by customer id and key."""
        self.changes = 0
        self.gone = False
        """Whether anything was ever removed: then its own readers may miss it."""

    def demand(self, name: str, holds: bool, *facts: object) -> None:
        """Note a check, and what is wrong if it does not hold."""
        self.checked[name] += 1
        if not holds:
            self.broken.append(f"{name}: {' '.join(map(str, facts))}")

    def __call__(self, changes: list[Change]) -> None:
        real = [change for change in changes if change.old != change.new]
        process = self._process()
        process.changes += len(real)
        process.facts += sum(change.table != "runs" for change in real)
        self.changes += len(real)
        self.gone = self.gone or any(change.new is None for change in real)
        for change in real:
            getattr(self, f"_{change.table}")(change)
        self._credit(real)
        self._usage_adds_up(real)

    def _catalog(self, change: Change) -> None:
        if change.new and text(change.new, "pk") == "PACKAGE":
            if change.old and any(change.old.get(name) != change.new.get(name) for name in FIXED_ONCE_ASSIGNED):
                self._reshaped(change)
            self.packages[change.new["sk"]["S"]].append(change.new)

    def _reshaped(self, change: Change) -> None:
        """Nothing has or ever had the package."""
        assert change.new is not None
        having = [ids for ids, versions in self.assignments.items() if text(versions[-1], "package") == change.new["sk"]["S"]]
        self.demand("a package that was assigned keeps its rules", not having, change, having)

    def _accounts(self, change: Change) -> None:
        item = change.new or change.old or {}
        key = item["pk"]["S"], item["sk"]["S"]
        if not key[1].startswith(ASSIGNMENT):
            return
        ids = key[0], key[1].removeprefix(ASSIGNMENT)
        if change.new:
            starts, ends = text(change.new, "starts") or "", text(change.new, "ends") or "9"
            self.demand("an assignment starts before it ends", starts <= ends, change)
            self.assignments[ids].append(change.new)
            self.removed.discard(ids)
        else:
            self.removed.add(ids)

    def _ledger(self, change: Change) -> None:
        """An entry is written once; only a held charge changes, to posted or cancelled."""
        old, new = text(change.old, "status"), text(change.new, "status")
        allowed = old is None or (old == "held" and new in ("posted", "cancelled"))
        self.demand("an entry stands as it was written", allowed, change)
        entry = change.new or change.old or {}
        self.statuses[entry["pk"]["S"], entry["sk"]["S"]] = new

    def _usage(self, change: Change) -> None:
        if (change.old or change.new or {})["sk"]["S"].startswith("CALL#"):
            self.demand("a call stands as it was recorded", change.old is None, change)
        elif change.new and change.new["sk"]["S"].startswith("BUCKET#"):
            _, assignment, begins = change.new["sk"]["S"].split("#")
            charge = self.statuses.get((change.new["pk"]["S"], f"{begins}~1-recurring~{assignment}"))
            self.demand("a bucket gives nothing while its charge is held", charge != "held", change)

    def _runs(self, change: Change) -> None:
        new = change.new or {}
        if text(new, "pk") == "PROGRESS":
            before, after = ((text(item, "day") or "", text(item, "on") or "") for item in (change.old, new))
            self.demand("progress goes forward", before < after, change)
            if text(new, "sk") == keys.STARTED_SK:
                self.begun = date.fromisoformat(str(text(new, "day")))
        if text(new, "sk") == "RUN":
            self.runs[new["run_id"]["S"]] = new["kind"]["S"]

    def _credit(self, changes: list[Change]) -> None:
        """Every commit moves a balance by what its entries say, and counts held charges as they come and go."""
        moved: dict[str, list[Any]] = defaultdict(lambda: [_ZERO, _ZERO])
        paid = False
        for table, old, new in changes:
            item = new or old or {}
            if table == "ledger":
                sums = moved[item["pk"]["S"]]
                sums[0] -= amount(new, "credit_change") - amount(old, "credit_change")
                sums[1] -= (text(new, "status") == "held") - (text(old, "status") == "held")
                paid = paid or "payment" in item["sk"]["S"]
            elif table == "accounts" and item["sk"]["S"] == "ACCOUNT":
                sums = moved[item["pk"]["S"]]
                sums[0] += amount(new, "balance") - amount(old, "balance")
                sums[1] += amount(new, "held") - amount(old, "held")
                self._limit(old, new, paid=paid)
        for customer, sums in moved.items():
            self.demand("a commit moves the balance by what its entries say", sums == [0, 0], customer, sums, changes)

    def _limit(self, old: Item | None, new: Item | None, *, paid: bool) -> None:
        if new is None or paid or "debit_limit" not in new or amount(new, "balance") >= amount(old, "balance"):
            return
        self.demand("a debit stays within the limit", amount(new, "balance") >= -amount(new, "debit_limit"), old, new)

    def _usage_adds_up(self, changes: list[Change]) -> None:
        """Days and buckets move by what the calls of the commit say."""
        moved: Counter[tuple[str, str]] = Counter()
        for table, old, new in changes:
            if table != "usage" or new is None:
                continue
            customer, sk = new["pk"]["S"], new["sk"]["S"]
            if sk.startswith("CALL#"):
                self._count_call(moved, customer, new)
            elif sk.startswith("BUCKET#"):
                moved[customer, sk] -= int(amount(new, "used") - amount(old, "used"))
            else:
                moved[customer, sk] -= int(amount(new, "charge") * 1_000_000 - amount(old, "charge") * 1_000_000)
        for place, left in moved.items():
            self.demand("a commit adds up its calls", left == 0, place, left)

    def _count_call(self, moved: Counter[tuple[str, str]], customer: str, call: Item) -> None:
        day, did = date.fromisoformat(str(text(call, "day"))), text(call, "did")
        for place in {None, did}:
            moved[customer, keys.usage_day(customer, day, place)["sk"]] += int(amount(call, "charge") * 1_000_000)
        for one in call["drawn"]["L"]:
            assignment, begins, seconds = (next(iter(value.values())) for value in one["L"])
            moved[customer, f"BUCKET#{assignment}#{begins}"] += int(seconds)
        drawn = sum(int(one["L"][2]["N"]) for one in call["drawn"]["L"])
        self.demand("free seconds are the drawn ones", drawn == amount(call, "free") <= amount(call, "seconds"), call)
