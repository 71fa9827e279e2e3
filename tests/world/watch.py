"""Looks at every commit of a world's tables: what must hold after each single write, and all versions that things ever had."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

from chalicelib.domain.package import FIXED_ONCE_ASSIGNED
from chalicelib.domain.schedule import DAY
from chalicelib.storage import keys

from .scheduler import Process
from .tables import Change, Item

ASSIGNMENT: Final = "ASSIGNMENT#"
UNLIMITED: Final = ("3-payment", "8-adjustment")
"""Entries that may move a balance beyond the limit, as their keys name them."""
COUNTED: Final = {"4-reversal": "reversals", "6-credit": "credits", "7-one_off": "one-off charges", "8-adjustment": "adjustments"}
_ZERO: Final = Decimal(0)


class Broken(AssertionError):
    """An invariant does not hold."""


def text(item: Item | None, name: str) -> str | None:
    """A text attribute."""
    return item[name]["S"] if item and name in item else None


def amount(item: Item | None, name: str) -> Decimal:
    """A number; 0 when it is missing."""
    return Decimal(item[name]["N"]) if item and name in item else _ZERO


def _differ(change: Change, name: str) -> bool:
    return (change.old or {}).get(name) != (change.new or {}).get(name)


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
        self.open_from: dict[str, date] = {}
        """By run: the first day whose evaluation had not begun when the run was asked for; it looks before it is recorded."""
        self.ever_held: set[tuple[str, str]] = set()
        self.made_by: dict[tuple[str, str], str] = {}
        """By customer id and key of an entry: the run that made it. Another one may have posted it, if it was held."""
        self.edits: Counter[str] = Counter()
        """What was edited that has a date."""
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
        process.facts += sum(change.table not in ("runs", "history") for change in real)
        self.changes += len(real)
        self.gone = self.gone or any(change.new is None for change in real)
        for change in real:
            getattr(self, f"_{change.table}")(change)
        self._credit(real)
        self._taken_back(real)
        self._usage_adds_up(real)
        told = Counter(_subject_told(change) for change in real if change.table == "history" and not _is_notice(change.new or {}))
        done = Counter(subject for change in real for subject in _subjects(change))
        self.demand("a commit tells of each of its changes once, and of nothing else", told == done, told, done)

    def _history(self, change: Change) -> None:
        self.demand("history stands as it was written", change.old is None, change)

    def _catalog(self, change: Change) -> None:
        if change.new and text(change.new, "pk") == "PACKAGE":
            if change.old and any(change.old.get(name) != change.new.get(name) for name in FIXED_ONCE_ASSIGNED):
                self._reshaped(change)
            self.edits["price lists"] += bool(change.old) and _differ(change, "price_lists")
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
            self._count_edits(change)
            self.assignments[ids].append(change.new)
            self.removed.discard(ids)
        else:
            self.removed.add(ids)

    def _count_edits(self, change: Change) -> None:
        if not change.old:
            return
        self.edits["terms"] += _differ(change, "terms")
        self.edits["pauses"] += _differ(change, "terms") and '"paused": {"BOOL": true}' in json.dumps((change.new or {}).get("terms"))
        self.edits["ends"] += _differ(change, "ends")
        self.edits["replacements and transfers"] += "replaced_by" in (change.new or {}) and "replaced_by" not in change.old
        self.edits["steps undone"] += "replaced_by" not in (change.new or {}) and "replaced_by" in change.old

    def _ledger(self, change: Change) -> None:
        """An entry is written once; only a held charge changes, to posted or cancelled."""
        old, new = text(change.old, "status"), text(change.new, "status")
        allowed = old is None or (old == "held" and new in ("posted", "cancelled")) or _credited_only(change.old, change.new)
        self.demand("an entry stands as it was written", allowed, change)
        entry = change.new or change.old or {}
        place = entry["pk"]["S"], entry["sk"]["S"]
        self._count_entries(change, place[1])
        self.statuses[place] = new
        if change.old is None:
            self.made_by[place] = text(entry, "run") or ""
        if new == "held":
            self.ever_held.add(place)

    def _count_entries(self, change: Change, key: str) -> None:
        """What somebody posts by hand, what is charged anew, and what is voided."""
        kind, _, beside = key.partition("~")[2].partition("~")
        if change.old is None:
            self.edits[COUNTED.get(kind, "other entries")] += 1
            self.edits["recharges"] += "~recharged~" in beside
            self.edits["charges of what was written off"] += "~revived~" in beside
            self.edits["credits to be charged anew"] += "recharge" in (change.new or {})
        self.edits["charges voided"] += "voided" in (change.new or {}) and "voided" not in (change.old or {})

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
            self.asked(new["run_id"]["S"])

    def asked(self, run_id: str) -> None:
        """Note from when on days are open for a run that somebody asks for now, unless it was asked for before."""
        self.open_from.setdefault(run_id, self.begun + DAY if self.begun else date.min)

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
                paid = paid or item["sk"]["S"].split("~")[1] in UNLIMITED
            elif table == "accounts" and item["sk"]["S"] == "ACCOUNT":
                sums = moved[item["pk"]["S"]]
                sums[0] += amount(new, "balance") - amount(old, "balance")
                sums[1] += amount(new, "held") - amount(old, "held")
                self._limit(old, new, paid=paid)
        for customer, sums in moved.items():
            self.demand("a commit moves the balance by what its entries say", sums == [0, 0], customer, sums, changes)

    def _taken_back(self, changes: list[Change]) -> None:
        """What negative lines and reversals of a commit come to is what it credits of charges; never more than stands."""
        for name, credited in (("retail", "credited"), ("cost", "credited_cost")):
            grown = taken = _ZERO
            for change in changes:
                if change.table != "ledger":
                    continue
                grown += amount(change.new, credited) - amount(change.old, credited)
                self.demand(
                    "no more is given back than stands", amount(change.new, credited) <= max(_ZERO, amount(change.new, name)), change
                )
                if change.old is None and (amount(change.new, "retail") < 0 or amount(change.new, "cost") < 0):
                    taken -= amount(change.new, name)
            self.demand("what is given back is credited", grown == taken, changes)

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
            moved[customer, keys.usage_day_key(customer, day, place)["sk"]] += int(amount(call, "charge") * 1_000_000)
        for one in call["drawn"]["L"]:
            assignment, begins, seconds = (next(iter(value.values())) for value in one["L"][:3])  # after them, who draws if another
            moved[customer, f"BUCKET#{assignment}#{begins}"] += int(seconds)
        drawn = sum(int(one["L"][2]["N"]) for one in call["drawn"]["L"])
        self.demand("free seconds are the drawn ones", drawn == amount(call, "free") <= amount(call, "seconds"), call)


def _is_notice(item: Item) -> bool:
    """Whether an item of history tells what nobody changed: what the calendar brings, and how much of the minutes is used."""
    return "dated" in item or text(item, "type") == "minutes.used"


def _subject_told(change: Change) -> tuple[str, str, int]:
    """What an item of history tells of: kind, id and version."""
    _, kind, subject = change.new["sk"]["S"].split("~", 2) if change.new else ("", "", "~0")
    subject, _, version = subject.rpartition("~")
    return kind.partition(".")[0], subject, int(version)


def _subjects(change: Change) -> Iterator[tuple[str, str, int]]:
    """What a change of an item has to tell of: whatever got another version by somebody's word, or went."""
    item = change.new or change.old or {}
    (pk, sk), version = (item["pk"]["S"], item["sk"]["S"]), int(amount(item, "version")) + (change.new is None)
    if change.table == "accounts" and _differ(change, "crossings"):
        yield "balance", f"{pk}~balance", int(amount(item, "crossings"))
    if change.table == "accounts" and _differ(change, "version"):
        yield ("assignment", sk.removeprefix(ASSIGNMENT), version) if sk.startswith(ASSIGNMENT) else ("customer", pk, version)
    elif change.table == "catalog" and pk == "PACKAGE" and _differ(change, "version"):
        yield "package", sk, version
    elif change.table == "runs":
        yield from _runs_and_works(change, item, sk)
    elif change.table == "ledger" and text(change.new, "status") == "cancelled" and "voided" not in item and amount(item, "retail") >= 0:
        yield "charge", f"{pk}~{sk}", version


def _runs_and_works(change: Change, item: Item, sk: str) -> Iterator[tuple[str, str, int]]:
    old = change.old or {}
    if sk == "RUN" and change.old is None:
        yield "run", item["run_id"]["S"], 1
    elif sk == "RUN" and _differ(change, "reversed_on"):
        yield "run", item["run_id"]["S"], 3
    elif sk == "RUN" and "run_state" in item and "run_state" not in old:
        yield "run", item["run_id"]["S"], 2 + 2 * int(amount(item, "reopened"))
    elif sk == "WORK" and "work_state" in item and "work_state" not in old:
        yield "work", item["work_id"]["S"], 2


def _credited_only(old: Item | None, new: Item | None) -> bool:
    """Whether more was credited of a charge, or held with it, or it was voided, and nothing else about it changed."""
    if old is None or new is None or ("voided" in old and "voided" not in new):
        return False
    counted = {"credited", "credited_cost", "version", "parts", "voided"}
    return _without(old, counted) == _without(new, counted)


def _without(item: Item, names: set[str]) -> Item:
    return {name: value for name, value in item.items() if name not in names}
