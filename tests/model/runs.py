"""Run Package as docs/rules.md has it: simulated, live, and reversed."""

from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from .ledgers import Customer, Entry, Ledgers
from .rulebook import Line, lines_of


@dataclass
class ReportLine:
    """A line of a Run Package, as it is told."""

    line: Line
    status: str
    already_charged: bool = False


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

    def look(self, customer_id: str, day: date, *, again: bool, written_off: bool, live: bool) -> list[tuple[str, Entry | Line]]:
        """What a run finds on a date and means to do: (`charge` | `repeat` | `retry` | a status, the line or the held entry)."""
        customer = self.customers[customer_id]
        held = [entry for entry in customer.held() if entry.day == day]
        found: list[tuple[tuple[object, ...], str, Entry | Line]] = []
        for entry in held:
            assert entry.line is not None
            found.append((entry.line.order, "not_over" if self._not_over(entry.line) else "retry", entry))
        for one in customer.assignments.values():
            for line in lines_of(one, day, customer.calls):
                standing = customer.first.get((one.assignment_id, line.kind, day))
                decided = self._decide(line, standing, again, written_off)
                if decided:
                    found.append((line.order, decided, line))
        return [(decided, what) for _, decided, what in sorted(found, key=lambda each: each[0])]

    def _decide(self, line: Line, standing: Entry | None, again: bool, written_off: bool) -> str | None:
        if standing is None:
            return "not_over" if self._not_over(line) else "charge"
        if standing.status == "held":
            return None  # it is among the held ones
        if standing.status == "cancelled":
            return "revive" if written_off and not self._not_over(line) else "written_off"
        return "repeat" if again and not self._not_over(line) else "skipped"

    def _not_over(self, line: Line) -> bool:
        """Whether the period of the line is still running: no run charges it."""
        return line.kind == "minimum_spend" and line.day > self.today

    def simulate(self, customer_id: str, day: date, *, again: bool, written_off: bool = False) -> list[ReportLine]:
        """What a live run would do; nothing is changed."""
        customer = self.customers[customer_id]
        balance, report = customer.balance, []
        for decided, what in self.look(customer_id, day, again=again, written_off=written_off, live=False):
            line, debit = self._told_line(customer, what)
            if decided in ("charge", "repeat", "revive", "retry"):
                fits = replace(customer, balance=balance).fits(debit)
                balance -= debit if fits else 0
                report.append(ReportLine(line, "simulated" if fits else "held", decided == "repeat"))
            else:
                report.append(ReportLine(line, decided, decided == "skipped"))
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
        for decided, what in self.look(customer.customer_id, day, again=again, written_off=written_off, live=True):
            line = self._told_line(customer, what)[0]
            if isinstance(what, Entry) and decided == "retry":
                posted = self._try(customer, what, run.run_id)
                status = "held" if not posted else "repeat" if what.repeat else "posted"
                run.entries += [(customer.customer_id, what)] if posted else []
            elif isinstance(what, Line) and decided in ("charge", "repeat", "revive"):
                entry = self._charge(customer, what, run.run_id, repeat=decided != "charge")
                run.entries.append((customer.customer_id, entry))
                status = "held" if entry.status == "held" else "repeat" if entry.repeat else "posted"
            else:
                status = decided
            report.append(ReportLine(line, status, decided in ("repeat", "skipped")))
        return report

    def reverse(self, run_id: str) -> None:
        """Undo what a run posted, once; cancel what it left held."""
        run = self.runs[run_id]
        for customer_id, entry in [] if run.reversed_ else run.entries:
            customer = self.customers[customer_id]
            if entry.run_id != run_id:
                continue
            if entry.status == "held":
                entry.status = "cancelled"
            elif entry.status == "posted":
                customer.balance -= entry.credit_change
                customer.entries.append(
                    Entry("reversal", self.today, None, -entry.cost, -entry.retail, -entry.credit_change, run_id=run_id)
                )
        run.reversed_ = True
