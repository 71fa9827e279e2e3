"""Run Package as docs/rules.md has it: simulated, live, and reversed."""

from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from tests.oracles.dated import rounded

from .ledgers import Customer, Entry, Ledgers, Refused
from .rulebook import Line, lines_of


@dataclass
class ReportLine:
    """A line of a Run Package, as it is told."""

    line: Line
    status: str
    already_charged: bool = False
    charged: Fraction | None = None


@dataclass
class Run:
    """A live Run Package that was carried out."""

    run_id: str
    customers: list[str]
    entries: list[tuple[str, Entry]] = field(default_factory=list)
    reversed_: bool = False


class Runs(Ledgers):
    """What runs do to the ledgers."""

    def __init__(self, today: date) -> None:
        super().__init__(today)
        self.runs: dict[str, Run] = {}

    def look(self, customer_id: str, day: date, *, again: bool, written_off: bool) -> list[tuple[str, Entry | Line]]:
        """What a run finds on a date and means to do: (charge, repeat, recharge, retry or a status; the line or the held entry)."""
        customer = self.customers[customer_id]
        held = [entry for entry in customer.held() if entry.day == day]
        found: list[tuple[tuple[object, ...], str, Entry | Line]] = []
        for entry in held:
            assert entry.line is not None
            found.append((entry.line.order, "not_over" if self._not_over(entry.line) else "retry", entry))
        for one in customer.assignments.values():
            for line in lines_of(one, day, customer.calls, free=True):
                decided = self._decide(line, _made(customer, line), again, written_off)
                if decided:
                    found.append((line.order, decided, line))
        return [(decided, what) for _, decided, what in sorted(found, key=lambda each: each[0])]

    def _decide(self, line: Line, made: list[Entry], again: bool, written_off: bool) -> str | None:
        """What stands is repeated or left alone; what does not stand is charged anew, unless it was written off last."""
        nothing, over = not (line.cost or line.retail), not self._not_over(line)
        if any(one.stands for one in made):
            return "repeat" if again and over and not nothing else "skipped"
        if nothing or any(one.status == "held" for one in made):
            return None  # it is among the held ones
        if made and made[-1].status == "cancelled" and not made[-1].voided:
            return "recharge" if written_off and over else "written_off"
        return "not_over" if not over else "recharge" if made else "charge"

    def _not_over(self, line: Line) -> bool:
        """Whether the period of the line is still running: no run charges it."""
        return line.kind == "minimum_spend" and line.day > self.today

    def simulate(self, customer_id: str, day: date, *, again: bool, written_off: bool = False) -> list[ReportLine]:
        """What a live run would do; nothing is changed."""
        customer = self.customers[customer_id]
        balance, report = customer.balance, []
        for decided, what in self.look(customer_id, day, again=again, written_off=written_off):
            line, debit = self._told_line(customer, what)
            status = decided
            if decided in ("charge", "repeat", "recharge", "retry"):
                fits = replace(customer, balance=balance).fits(debit)
                balance -= debit if fits else 0
                status = "simulated" if fits else "held"
            report.append(ReportLine(line, status, *_before(customer, decided, line)))
        return report

    def _told_line(self, customer: Customer, what: Entry | Line) -> tuple[Line, Fraction]:
        if isinstance(what, Line):
            return what, what.retail if what.debit else Fraction(0)
        assert what.line is not None
        return what.line, self._held_debit(customer, what)

    def run(
        self, run_id: str, customer_ids: list[str], day: date, *, again: bool, written_off: bool = False
    ) -> dict[str, list[ReportLine]]:
        """A live run of some customers."""
        run = self.runs[run_id] = Run(run_id, customer_ids)
        return {one: self._run_one(run, self.customers[one], day, again, written_off) for one in customer_ids}

    def _run_one(self, run: Run, customer: Customer, day: date, again: bool, written_off: bool) -> list[ReportLine]:
        report = []
        for decided, what in self.look(customer.customer_id, day, again=again, written_off=written_off):
            line = self._told_line(customer, what)[0]
            before = _before(customer, decided, line)
            if isinstance(what, Entry) and decided == "retry":
                posted = self._try(customer, what, run.run_id)
                status = "held" if not posted else "repeat" if what.repeat else "posted"
                run.entries += [(customer.customer_id, what)] if posted else []
            elif isinstance(what, Line) and decided in ("charge", "repeat", "recharge"):
                name = run.run_id if decided == "repeat" else _name_anew(customer, what)
                entry = self._charge(customer, what, run.run_id, repeat=decided != "charge", name=name)
                run.entries.append((customer.customer_id, entry))
                status = "held" if entry.status == "held" else "repeat" if entry.repeat else "posted"
            else:
                status = decided
            report.append(ReportLine(line, status, *before))
        return report

    def reverse(self, run_id: str) -> None:
        """Undo what a run posted, once; cancel what it left held."""
        run = self.runs[run_id]
        for customer_id, entry in [] if run.reversed_ else run.entries:
            customer = self.customers[customer_id]
            if entry.run_id != run_id:
                continue
            if entry.status == "held":
                entry.status, entry.voided = "cancelled", True
            elif entry.status == "posted":
                if any(entry.left):
                    self._take_back(customer, entry, "reversal", *entry.left)
                entry.voided = True
        run.reversed_ = True

    def credit(self, customer_id: str, entry: Entry, retail: Fraction | None, *, recharge: bool) -> None:
        """Credit a part of a charge, or all that is left; the cost in proportion. With `recharge` it must be all."""
        if entry.line is None:
            raise Refused("not_creditable")
        if entry.status != "posted":
            raise Refused("not_posted")
        left_retail, left_cost = entry.left
        given = left_retail if retail is None else retail
        if not any(entry.left) or given > left_retail:
            raise Refused("over_credited")
        cost = rounded(left_cost * given / left_retail) if left_retail else left_cost
        if recharge and (given, cost) != entry.left:
            raise Refused("invalid")
        self._take_back(self.customers[customer_id], entry, "credit", given, cost)
        entry.voided = entry.voided or recharge


def _made(customer: Customer, line: Line) -> list[Entry]:
    """The charge of a line and its repeats, as they were made."""
    return customer.made.get((line.assignment_id, line.kind, line.day), [])


def _before(customer: Customer, decided: str, line: Line) -> tuple[bool, Fraction | None]:
    """Whether a line was charged already, and the retail of the first of these charges that stands."""
    if decided not in ("repeat", "skipped"):
        return False, None
    return True, next(one.retail for one in _made(customer, line) if one.stands)


def _name_anew(customer: Customer, line: Line) -> str:
    """What a charge is known by that is made in place of what does not stand."""
    made = _made(customer, line)
    if not made:
        return ""
    voided, repeats = sum(one.voided for one in made), sum(one.repeat for one in made)
    return f"recharged~{voided}" if made[-1].voided else f"revived~{repeats}"
