"""Run Package as docs/rules.md has it: simulated, live, and reversed."""

from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from tests.oracles.dated import NOTHING, not_over, rounded

from .customers import Customer, Entry, Refused
from .ledgers import Ledgers
from .rulebook import Line, lines_of
from .taking_back import anew, parts_of

TRIED = ("charge", "repeat", "recharge", "retry")


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


@dataclass
class Step:
    """What a run finds and means to do: charge, repeat, recharge, retry or take_back, or a status of what it leaves alone. `what` are the
    lines, or a held charge with what is held with it: they are tried as one."""

    decided: str
    what: list[Line] | list[Entry]

    @property
    def lines(self) -> list[Line]:
        """Its lines."""
        return [one if isinstance(one, Line) else _line_of(one) for one in self.what]


class Runs(Ledgers):
    """What runs do to the ledgers."""

    def __init__(self, today: date) -> None:
        super().__init__(today)
        self.runs: dict[str, Run] = {}

    def look(self, customer_id: str, day: date, *, again: bool, written_off: bool) -> list[Step]:
        """What a run finds on a date, in the order in which it is tried."""
        customer = self.customers[customer_id]
        held = [entry for entry in customer.held() if entry.day == day]
        found = [Step("not_over" if self._not_over(_line_of(entry)) else "retry", [entry, *entry.parts]) for entry in held]
        for one in customer.assignments.values():
            for line in lines_of(one, day, customer.calls, free=True):
                found += self._negative_step(customer, line) if line.negative else self._step(customer, line, again, written_off)
        return sorted(found, key=lambda step: step.lines[0].order)

    def _step(self, customer: Customer, line: Line, again: bool, written_off: bool) -> list[Step]:
        made = _made(customer, line)
        if made and not any(one.stands or one.status == "held" for one in made):
            line = anew(line, {day for (of, kind, day) in customer.made if of == line.assignment_id and kind == "proration"})
        decided = self._decide(line, made, again, written_off)
        return [Step(decided, [line])] if decided else []

    def _negative_step(self, customer: Customer, line: Line) -> list[Step]:
        """One that was posted before is left alone; one that takes nothing is no line."""
        made = _made(customer, line)
        if made:
            retail, cost = (sum((getattr(one, name) for one in made), NOTHING) for name in ("retail", "cost"))
            return [Step("skipped", [replace(line, retail=retail, cost=cost, nominal=retail)])]
        parts = parts_of(line, customer.entries)
        if self._not_over(line):
            return [Step("not_over", [part.line]) for part in parts]
        return [Step("take_back", [line])] if parts else []

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
        """Whether a run leaves the line alone because its day has not come."""
        return not_over(line.kind, line.day, self.today)

    def simulate(self, customer_id: str, day: date, *, again: bool, written_off: bool = False) -> list[ReportLine]:
        """What a live run would do; nothing is changed."""
        customer = self.customers[customer_id]
        after, report = replace(customer), []
        for step in self.look(customer_id, day, again=again, written_off=written_off):
            if step.decided == "take_back":
                for part in parts_of(step.lines[0], customer.entries):
                    after.balance -= part.line.retail if part.line.debit and not part.held_with else 0
                    report.append(ReportLine(part.line, "held" if part.held_with else "simulated"))
                continue
            status = step.decided
            if status in TRIED:
                debit = self._debit(customer, step)
                fits = after.fits(debit)
                after.balance -= debit if fits else 0
                status = "simulated" if fits else "held"
            report += [ReportLine(line, status, *_before(customer, step.decided, line)) for line in step.lines]
        return _in_order(report)

    def _debit(self, customer: Customer, step: Step) -> Fraction:
        first = step.what[0]
        if isinstance(first, Entry):
            return self._held_debit(customer, first)
        return first.retail if first.debit else NOTHING

    def run(
        self, run_id: str, customer_ids: list[str], day: date, *, again: bool, written_off: bool = False
    ) -> dict[str, list[ReportLine]]:
        """A live run of some customers."""
        run = self.runs[run_id] = Run(run_id, customer_ids)
        return {one: self._run_one(run, self.customers[one], day, again, written_off) for one in customer_ids}

    def _run_one(self, run: Run, customer: Customer, day: date, again: bool, written_off: bool) -> list[ReportLine]:
        report = []
        for step in self.look(customer.customer_id, day, again=again, written_off=written_off):
            before = {id(line): _before(customer, step.decided, line) for line in step.lines}
            for line, entry in self._carry_out(run, customer, step):
                report.append(ReportLine(line, _came_of(step, entry), *before.get(id(line), (False, None))))
        return _in_order(report)

    def _carry_out(self, run: Run, customer: Customer, step: Step) -> list[tuple[Line, Entry | None]]:
        """Each line with the entry that it has in the end; None of what is left alone."""
        what = step.what[0]
        if isinstance(what, Entry) and step.decided == "retry":
            made = [one for one in step.what if isinstance(one, Entry)]
            run.entries += [(customer.customer_id, what)] if self._try(customer, what, run.run_id) else []
        elif isinstance(what, Line) and step.decided == "take_back":
            made = self._take_off(customer, what, run.run_id)
        elif isinstance(what, Line) and step.decided in TRIED:
            name = run.run_id if step.decided == "repeat" else _name_anew(customer, what)
            made = [self._charge(customer, what, run.run_id, repeat=step.decided != "charge", name=name)]
            run.entries += [(customer.customer_id, one) for one in made]
        else:
            return [(line, None) for line in step.lines]
        return [(_line_of(one), one) for one in made]

    def reverse(self, run_id: str) -> None:
        """Undo what a run posted, once; cancel what it left held."""
        run = self.runs[run_id]
        for customer_id, entry in [] if run.reversed_ else run.entries:
            customer = self.customers[customer_id]
            if entry.run_id != run_id:
                continue
            if entry.status == "held":
                entry.cancel(voided=True)
            elif entry.status == "posted":
                if any(entry.left):
                    self._take_back(customer, entry, "reversal", *entry.left)
                entry.voided = True
        run.reversed_ = True

    def credit(self, customer_id: str, entry: Entry, retail: Fraction | None, *, recharge: bool) -> None:
        """Credit a part of a charge, or all that is left; the cost in proportion. With `recharge` it must be all."""
        if entry.line is None or entry.negative:
            raise Refused("not_creditable")
        if entry.status != "posted":
            raise Refused("not_posted")
        left_retail, left_cost = entry.left
        if recharge and entry.kind == "one_off":
            raise Refused("invalid")
        given = left_retail if retail is None else retail
        if not any(entry.left) or given > left_retail:
            raise Refused("over_credited")
        cost = rounded(left_cost * given / left_retail) if left_retail else left_cost
        if recharge and (given, cost) != entry.left:
            raise Refused("invalid")
        self._take_back(self.customers[customer_id], entry, "credit", given, cost)
        entry.voided = entry.voided or recharge


def _line_of(entry: Entry) -> Line:
    assert entry.line is not None
    return entry.line


def _came_of(step: Step, entry: Entry | None) -> str:
    if entry is None:
        return step.decided
    return "held" if entry.status == "held" else "repeat" if entry.repeat else "posted"


def _in_order(report: list[ReportLine]) -> list[ReportLine]:
    """As the lines of a report are listed: a negative entry that is held with a charge at its own date."""
    return sorted(report, key=lambda one: one.line.order)


def _made(customer: Customer, line: Line) -> list[Entry]:
    """The charge of a line and its repeats, as they were made."""
    return customer.made.get((line.assignment_id, line.kind, line.day), [])


def _before(customer: Customer, decided: str, line: Line) -> tuple[bool, Fraction | None]:
    """Whether a line was charged already, and the retail of the first of these charges that stands, before negative lines; of a negative
    line what it took back."""
    if decided not in ("repeat", "skipped"):
        return False, None
    return True, line.retail if line.negative else next(_line_of(one).nominal for one in _made(customer, line) if one.stands)


def _name_anew(customer: Customer, line: Line) -> str:
    """What a charge is known by that is made in place of what does not stand."""
    made = _made(customer, line)
    if not made:
        return ""
    voided, repeats = sum(one.voided for one in made), sum(one.repeat for one in made)
    return f"recharged~{voided}" if made[-1].voided else f"revived~{repeats}"
