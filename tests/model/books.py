"""The provider's books as docs/rules.md has them, and what each request does to them.

Requests are carried out one at a time. One that the rules refuse raises `Refused` with every reason that there is for it:
which of them the service names first is its own business.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from tests.domain.oracle import ONE_DAY, each_day, half_up

from .ledgers import Customer, Entry, Refused
from .rulebook import Assignment, Call, Line, Package, Rated, expiry, lines_of, period_start
from .runs import Runs

UNCONFIRMED_DAYS = 3
UNCONFIRMED_AGE = timedelta(days=31)


class Books(Runs):
    """Days, packages, customers, assignments and calls."""

    # Days

    @property
    def backlog_through(self) -> date:
        """Backlog goes through yesterday, or through the last evaluated day where that is later."""
        return max(self.today - ONE_DAY, self.evaluated or date.min)

    @property
    def earliest_end(self) -> date:
        """An end date lies neither before today nor before the last evaluated day."""
        return max(self.today, self.evaluated or date.min)

    def evaluate(self, day: date) -> None:
        """The daily evaluation: held charges first, then what is due on days that nobody has looked at, oldest first."""
        for customer in self.customers.values():
            self._retry(customer, customer.held(), f"daily:{day}")
            found = [line for one in customer.assignments.values() for line in self._unseen(customer, one, day)]
            self._post(customer, sorted(found, key=lambda line: line.order), None)
            for one in customer.assignments.values():
                one.open_from = max(one.open_from, day + ONE_DAY)
        self.evaluated = max(day, self.evaluated or day)

    def _unseen(self, customer: Customer, one: Assignment, through: date) -> Iterator[Line]:
        return self._uncharged(customer, one, max(one.open_from, one.start), through)

    def _uncharged(self, customer: Customer, one: Assignment, first: date, last: date) -> Iterator[Line]:
        for day in each_day(first, min(last, one.last_day + ONE_DAY) if one.end else last):
            for line in lines_of(one, day, customer.calls):
                if (one.assignment_id, line.kind, day) not in customer.first:
                    yield line

    # Packages

    def define(self, package: Package) -> None:
        """A new package."""
        self.packages[package.package_id] = package

    def price(self, package_id: str, **prices: Fraction) -> None:
        """Prices change at any time, for what is planned from then on."""
        self._package(package_id)
        self.packages[package_id].__dict__.update(prices)

    def reshape(self, package_id: str, **fixed: object) -> None:
        """Other fields are fixed once the package was assigned."""
        package = self._package(package_id)
        if package.assigned and any(getattr(package, name) != value for name, value in fixed.items()):
            raise Refused("package_in_use")
        package.__dict__.update(fixed)

    def withdraw(self, package_id: str) -> None:
        """A package can be deleted when all of its assignments have ended."""
        package = self._package(package_id)
        every = [one for customer in self.customers.values() for one in customer.assignments.values() if one.package is package]
        if any(not self._ended(one) for one in every):
            raise Refused("package_in_use")
        package.deleted = True

    def _package(self, package_id: str) -> Package:
        package = self.packages[package_id]
        if package.deleted:
            raise Refused("not_found")
        return package

    def _ended(self, one: Assignment) -> bool:
        return one.cancelled or one.last_day < self.today

    # Customers

    def pay(self, customer_id: str, amount: Fraction) -> None:
        """A payment, or a correction."""
        customer = self.customers[customer_id]
        customer.balance += amount
        customer.entries.append(Entry("payment", self.today, None, Fraction(0), Fraction(0), amount))

    def set_currency(self, customer_id: str, currency: str) -> None:
        """The currency is fixed once there is an assignment, a ledger entry or a call."""
        customer = self.customers[customer_id]
        if currency != customer.currency and (customer.assignments or customer.entries or customer.calls):
            raise Refused("currency_fixed")
        customer.currency = currency

    def write_off(self, customer_id: str, entry: Entry) -> None:
        """A held charge that is given up; one that is given up already stays so."""
        if entry.status == "posted":
            raise Refused("not_held")
        entry.status = "cancelled"

    # Assignments

    def assign(self, drafts: list[Assignment], confirmed: bool) -> None:
        """Give packages to customers: all drafts or none. What was due before today is posted, in the order of charges."""
        seen: dict[str, list[Assignment]] = {}
        reasons: set[str] = set()
        for draft in drafts:
            reasons |= self._assign_faults(draft, seen.setdefault(draft.did or "", []), confirmed)
            seen[draft.did or ""].append(draft)
        if reasons:
            raise Refused(*reasons)
        for draft in drafts:
            self.customers[draft.customer_id].assignments[draft.assignment_id] = draft
            draft.package.assigned = True
        for customer in self.customers.values():
            mine = [draft for draft in drafts if draft.customer_id == customer.customer_id]
            self._post_backlog(customer, mine)

    def _assign_faults(self, draft: Assignment, beside: list[Assignment], confirmed: bool) -> set[str]:
        customer, reasons = self.customers[draft.customer_id], set[str]()
        if draft.package.deleted:
            return {"invalid"}
        if draft.package.currency != customer.currency or draft.package.free_minutes != (draft.minutes is not None):
            reasons.add("invalid")
        if draft.last_day < draft.start:
            reasons.add("invalid")
        if draft.minimum_days and draft.last_day < draft.earliest_end:
            reasons.add("minimum_days")
        if draft.did and self._taken(draft, beside):
            reasons.add("did_in_use")
        return reasons | (set() if "invalid" in reasons else self._backlog_faults(draft, draft.first_day, confirmed))

    def _taken(self, mine: Assignment, beside: Iterable[Assignment] = ()) -> bool:
        every = [one for customer in self.customers.values() for one in customer.assignments.values()]
        others = (one for one in [*every, *beside] if one.did == mine.did and one.customer_id != mine.customer_id and not one.cancelled)
        return any(one.start <= mine.last_day and mine.start <= one.last_day for one in others)

    def _backlog_faults(self, one: Assignment, first: date, confirmed: bool) -> set[str]:
        days = {day for day in each_day(max(first, one.start), self.backlog_through) if lines_of(one, day, ())}
        if len(days) > 400:
            return {"backlog_too_long"}
        old = any(day < self.today - UNCONFIRMED_AGE for day in days)
        return {"backlog"} if (len(days) > UNCONFIRMED_DAYS or old) and not confirmed else set()

    def _post_backlog(self, customer: Customer, some: list[Assignment], first: date | None = None) -> None:
        through = self.backlog_through
        found = [line for one in some for line in self._uncharged(customer, one, first or one.first_day, through)]
        self._post(customer, sorted(found, key=lambda line: line.order), None)
        for one in some:
            one.open_from = max(through + ONE_DAY, one.first_day)

    def change(self, one: Assignment, changes: dict[str, object], confirmed: bool) -> None:
        """Edit an assignment; what becomes due on days that are over is posted."""
        customer, new = self.customers[one.customer_id], replace(one, **changes)  # type: ignore[arg-type]
        moved = (new.start, new.charge_from) != (one.start, one.charge_from)
        reasons = self._change_faults(one, new, moved)
        first = new.first_day if moved else None
        if first and "invalid" not in reasons:
            reasons |= self._backlog_faults(new, first, confirmed)
        if reasons:
            raise Refused(*reasons)
        one.__dict__.update(changes)
        if first:
            self._post_backlog(customer, [one], first)

    def _change_faults(self, old: Assignment, new: Assignment, moved: bool) -> set[str]:
        reasons = set()
        if moved and old.touched:
            reasons.add("charged")
        elif new.first_day > old.first_day and self._passes_over(old, new):
            reasons.add("not_evaluated")
        if new.end != old.end and (old.cancelled or old.last_day < self.earliest_end or new.last_day < self.earliest_end):
            reasons.add("ended")
        if new.last_day < new.start or (new.minutes is not None) != new.package.free_minutes:
            reasons.add("invalid")
        if new.end and new.minimum_days and new.end < new.earliest_end:
            reasons.add("minimum_days")
        if new.did and (new.start, new.end) != (old.start, old.end) and self._taken(new):
            reasons.add("did_in_use")
        return reasons

    def _passes_over(self, old: Assignment, new: Assignment) -> bool:
        """Whether a later first day would take away what was due on a day that is over."""
        last = min(new.first_day - ONE_DAY, self.backlog_through)
        first = max(old.first_day, old.open_from)
        return any(lines_of(old, day, self.customers[old.customer_id].calls) for day in each_day(first, last))

    def end(self, one: Assignment) -> None:
        """Delete an assignment."""
        customer, untouched = self.customers[one.customer_id], one.start >= self.today and not one.touched
        if one.cancelled or one.last_day < self.today:
            return
        if one.start <= self.today < min(one.earliest_end, one.last_day) and one.minimum_days:
            raise Refused("minimum_days")
        if untouched and not (one.start <= self.today and one.minimum_days):
            del customer.assignments[one.assignment_id]
        elif one.start > self.today:
            one.cancelled = True
        else:
            one.end = min(self.earliest_end, one.last_day)

    # Usage

    def record(self, customer_id: str, calls: list[Call]) -> list[Rated]:
        """Calls in order, each once, with what is free of them."""
        customer = self.customers[customer_id]
        known = {rated.call.call_id: rated for rated in customer.calls}
        for call in calls:
            if call.call_id in known and known[call.call_id].call != call:
                raise Refused("call_id_reused")
            if call.call_id not in known:
                known[call.call_id] = self._rate(customer, call)
                customer.calls.append(known[call.call_id])
        return [known[call.call_id] for call in calls]

    def _rate(self, customer: Customer, call: Call) -> Rated:
        missing, drawn = call.seconds, dict[str, int]()
        for one in self._buckets(customer, call) if call.charge else ():
            bucket = one.assignment_id, period_start(one, call.day)
            taken = min(missing, max(0, (one.minutes or 0) * 60 - customer.used.get(bucket, 0)))
            if taken:
                drawn[one.assignment_id] = taken
                customer.used[bucket] = customer.used.get(bucket, 0) + taken
                one.touched = True
                missing -= taken
        charge = call.charge if missing == call.seconds else half_up(call.charge * missing / call.seconds)
        return Rated(call, drawn, charge)

    def _buckets(self, customer: Customer, call: Call) -> list[Assignment]:
        """The assignments whose minutes the call may draw from, in order."""
        giving = [one for one in customer.assignments.values() if one.minutes is not None and one.valid_on(call.day)]
        found = [(order, one) for one in giving if (order := self._order(one, call)) and not self.waits(customer, one, call.day)]
        return [one for _, one in sorted(found, key=lambda pair: pair[0])]

    def _order(self, one: Assignment, call: Call) -> tuple[object, ...] | None:
        """The DID's own minutes first, then the longest prefix, the earliest expiry, the lowest assignment id."""
        lengths = [len(prefix) for prefix in one.package.prefixes or ("",) if call.destination.startswith(prefix)]
        if not lengths or one.did not in (None, call.did):
            return None
        return one.did is None, -max(lengths), expiry(one, call.day), one.assignment_id

    def waits(self, customer: Customer, one: Assignment, day: date) -> bool:
        """Minutes whose own charge is held give nothing until it is posted."""
        own = customer.first.get((one.assignment_id, "recurring", period_start(one, day)))
        return own is not None and own.status == "held"
