"""The provider's books as docs/rules.md has them, and what each request does to them.

Requests are carried out one at a time. One that the rules refuse raises `Refused` with every reason that there is for it:
which of them the service names first is its own business.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import takewhile

from tests.oracles.dated import ONE_DAY, Bucket, PriceList, each_day, put, rounded
from tests.oracles.dated import Entry as TermsEntry

from .customers import Customer, Entry, Refused
from .handovers import Handovers
from .rulebook import Assignment, Call, Line, Package, Rated, lines_of

UNCONFIRMED_DAYS = 3
UNCONFIRMED_AGE = timedelta(days=31)


class Books(Handovers):
    """Days, packages, customers, assignments and calls."""

    # Days

    def evaluate(self, day: date) -> None:
        """The daily evaluation: held charges first, then what is due on days that nobody has looked at, oldest first. Only negative
        lines that begin the order come before held charges: less may be held after them."""
        for customer in self.customers.values():
            found = [line for one in customer.assignments.values() for line in self._unseen(customer, one, day)]
            due = sorted(found, key=lambda line: line.order)
            leading = list(takewhile(lambda line: line.negative, due))
            self._post(customer, leading, None)
            self._retry(customer, customer.held(), f"daily:{day}")
            self._post(customer, due[len(leading) :], None)
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
        """Prices of a package that was never assigned change in the first list, and lists that have begun do not name them any more;
        later they change in the list of the first open day. What everybody pays already makes no list."""
        package = self._package(package_id)
        begins = self.first_open_day if package.assigned else None
        for name, price in prices.items():
            if self._price_now(package, name) == price:
                continue
            if not package.assigned:
                package.lists = tuple(self._without(one, name) for one in package.lists)
            same = [one for one in package.lists if one.begins == begins] or [PriceList(begins=begins, prices={})]
            changed = replace(same[0], prices={**same[0].prices, name: price})
            package.lists = (*(one for one in package.lists if one.begins != begins and (one.begins is None or one.prices)), changed)

    def _price_now(self, package: Package, name: str) -> Fraction | None:
        """The price that all assignments have on the first open day; None where new ones have another."""
        begun = [one for one in package.lists if name in one.prices and (one.begins or date.min) <= self.first_open_day]
        latest = max(begun, key=lambda one: one.begins or date.min)
        return latest.prices[name] if latest.existing else None

    def _without(self, one: PriceList, name: str) -> PriceList:
        """A list that has begun, without a price."""
        if one.begins is None or one.begins > self.first_open_day:
            return one
        return replace(one, prices={other: price for other, price in one.prices.items() if other != name})

    def put_prices(self, package_id: str, new: PriceList, *, correct: bool = False) -> None:
        """A price list from an open day on. One that corrects the past has its days looked at again by the next evaluation."""
        package, begins = self._package(package_id), new.begins or date.min
        if new in package.lists:
            return
        if begins < self.first_open_day and not correct:
            raise Refused("not_open")
        package.lists = (*(one for one in package.lists if one.begins != new.begins), new)
        for one in self._assignments() if begins < self.first_open_day else ():
            if one.package is package:
                one.open_from = min(one.open_from, max(begins, one.first_day))

    def remove_prices(self, package_id: str, begins: date) -> None:
        """A list of an open day is taken away."""
        package = self._package(package_id)
        if begins not in [one.begins for one in package.lists]:
            raise Refused("not_found")
        if begins < self.first_open_day:
            raise Refused("not_open")
        package.lists = tuple(one for one in package.lists if one.begins != begins)

    def reshape(self, package_id: str, **fixed: object) -> None:
        """Other fields are fixed once the package was assigned."""
        package = self._package(package_id)
        if package.assigned and any(getattr(package, name) != value for name, value in fixed.items()):
            raise Refused("package_in_use")
        package.__dict__.update(fixed)

    def withdraw(self, package_id: str) -> None:
        """A package can be deleted when all of its assignments have ended."""
        package = self._package(package_id)
        if any(not self._ended(one) for one in self._assignments() if one.package is package):
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

    def adjust(self, customer_id: str, amount: Fraction) -> None:
        """What moves the balance and is no payment."""
        customer = self.customers[customer_id]
        customer.balance += amount
        customer.entries.append(Entry("adjustment", self.today, None, Fraction(0), Fraction(0), amount))

    def charge_once(self, customer_id: str, charge_id: str, day: date, *, retail: Fraction, cost: Fraction, debit: bool) -> None:
        """A charge that no package makes is posted at once, or held where its debit does not fit."""
        line = Line(None, charge_id, "one_off", day, cost, retail, debit, retail)
        self._charge(self.customers[customer_id], line, None, repeat=False)

    def set_currency(self, customer_id: str, currency: str) -> None:
        """The currency is fixed once there is an assignment, a ledger entry or a call."""
        customer = self.customers[customer_id]
        if currency != customer.currency and (customer.assignments or customer.entries or customer.calls):
            raise Refused("currency_fixed")
        customer.currency = currency

    def write_off(self, customer_id: str, entry: Entry) -> None:
        """A held charge that is given up; one that is given up already stays so."""
        if entry.status == "posted" or (entry.status == "held" and entry.negative):
            raise Refused("not_held")
        if entry.status == "held":
            entry.cancel(voided=False)

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
        if draft.package.currency != customer.currency or draft.package.free_minutes != (draft.first.free_minutes is not None):
            reasons.add("invalid")
        if draft.last_day < draft.start:
            reasons.add("invalid")
        if draft.minimum_days and draft.last_day < draft.earliest_end:
            reasons.add("minimum_days")
        if draft.did and self._taken(draft, beside):
            reasons.add("did_in_use")
        return reasons | (set() if "invalid" in reasons else self._backlog_faults(draft, draft.first_day, confirmed))

    def _backlog_faults(self, one: Assignment, first: date, confirmed: bool) -> set[str]:
        charged = self.customers[one.customer_id].first
        due = [line for day in each_day(max(first, one.start), self.backlog_through) for line in lines_of(one, day, ())]
        days = {line.day for line in due if (one.assignment_id, line.kind, line.day) not in charged}
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

    def change(self, one: Assignment, name: str, value: object, confirmed: bool) -> None:
        """Edit an assignment; what becomes due on days that are over is posted."""
        if hasattr(one.first, name):
            self._change_terms(one, name, value)
            return
        customer, new = self.customers[one.customer_id], replace(one, **{name: value})  # type: ignore[arg-type]
        moved = (new.start, new.charge_from) != (one.start, one.charge_from)
        reasons = self._change_faults(one, new, moved) | self._start_faults(new)
        first = new.first_day if moved else None
        if first and not reasons & {"invalid", "replaced"}:
            reasons |= self._backlog_faults(new, first, confirmed)
        if reasons:
            raise Refused(*reasons)
        setattr(one, name, value)
        if first:
            self._post_backlog(customer, [one], first)

    def _start_faults(self, one: Assignment) -> set[str]:
        """The start date can't be paused, unless a pause of another assignment goes on."""
        return {"invalid"} if one.terms_on(one.start).paused and one.before is None else set()

    def _change_terms(self, one: Assignment, name: str, value: object) -> None:
        """What has no date of its own is added to the first open day's entry, or to the start date's where that is later."""
        if name == "free_minutes" and not one.package.free_minutes:
            raise Refused("invalid")
        begins = self.shown_day(one)
        until = next((entry.until for entry in one.entries if entry.begins == begins), None)
        entries = put(one.entries, TermsEntry(begins=begins, until=until, values={name: value}))
        new = replace(one, entries=entries)
        edges = {entry.begins for entry in entries} | {entry.until + ONE_DAY for entry in entries if entry.until}
        if any(one.terms_on(day) != new.terms_on(day) for day in edges):  # what changes no day makes no entry
            one.entries = entries

    def shown_day(self, one: Assignment) -> date:
        """The day whose values an assignment shows."""
        return max(self.first_open_day, one.start)

    def put_terms(self, one: Assignment, new: TermsEntry, confirmed: bool, *, correct: bool = False) -> None:
        """Terms from an open day on; as a correction, and while nothing was charged or drawn, from any day on: then what becomes due by
        it is backlog."""
        past, entries = new.begins < self.first_open_day, put(one.entries, new)
        if all(entry in one.entries for entry in entries):
            return
        if past and not correct and (one.touched or new.begins < one.start):
            raise Refused("not_open")
        changed = replace(one, entries=entries)
        first = max(one.first_day, min(new.begins, one.open_from))
        reasons = self._start_faults(changed) | (self._backlog_faults(changed, first, confirmed) if past else set())
        if reasons:
            raise Refused(*reasons)
        one.entries = changed.entries
        if past:
            self._post_backlog(self.customers[one.customer_id], [one], first)

    def remove_terms(self, one: Assignment, begins: date) -> None:
        """An entry of an open day is taken away with its end."""
        if begins < self.first_open_day:
            raise Refused("not_open")
        one.entries = tuple(entry for entry in one.entries if entry.begins != begins)

    def _change_faults(self, old: Assignment, new: Assignment, moved: bool) -> set[str]:
        reasons = set[str]()
        if moved and old.touched:
            reasons.add("charged")
        elif new.first_day > old.first_day and self._passes_over(old, new):
            reasons.add("not_evaluated")
        reasons |= self._step_faults(old, new)
        if new.end != old.end and (old.cancelled or old.last_day < self.earliest_end or new.last_day < self.earliest_end):
            reasons.add("ended")
        if new.last_day < new.start or (new.first.free_minutes is not None) != new.package.free_minutes:
            reasons.add("invalid")
        if (new.start, new.end) == (old.start, old.end):
            return reasons
        if new.end and new.minimum_days and new.end < new.earliest_end:
            reasons.add("minimum_days")
        if new.did and self._taken(new):
            reasons.add("did_in_use")
        return reasons

    def _step_faults(self, old: Assignment, new: Assignment) -> set[str]:
        """The start dates of both sides of a step never change, and the old end not until the step has come."""
        start_moves = new.start != old.start and (old.before or old.replaced_by)
        end_moves = new.end != old.end and self.is_fixed(old)
        return {"replaced"} if start_moves or end_moves else set()

    def _passes_over(self, old: Assignment, new: Assignment) -> bool:
        """Whether a later first day would take away what was due on a day that is over."""
        last = min(new.first_day - ONE_DAY, self.backlog_through)
        first = max(old.first_day, old.open_from)
        return any(lines_of(old, day, self.customers[old.customer_id].calls) for day in each_day(first, last))

    def end(self, one: Assignment) -> None:
        """Delete an assignment. One that is to go on from another is taken away, and the other is as it was."""
        if self._undo(one):
            return
        if self.is_fixed(one):
            raise Refused("replaced")
        if one.cancelled:
            return
        customer, untouched = self.customers[one.customer_id], one.start >= self.today and not one.touched
        if one.start <= self.today and self.earliest_end < min(one.earliest_end, one.last_day) and one.minimum_days:
            raise Refused("minimum_days")
        if untouched:
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
        for one, bucket in self._buckets(customer, call) if call.charge else ():
            key = used_of(one, bucket)
            taken = min(missing, max(0, bucket.seconds - customer.used.get(key, 0)))
            if taken:
                drawn[one.assignment_id] = taken
                customer.used[key] = customer.used.get(key, 0) + taken
                one.touched = True
                missing -= taken
        charge = call.charge if missing == call.seconds else rounded(call.charge * missing / call.seconds)
        return Rated(call, drawn, charge)

    def _buckets(self, customer: Customer, call: Call) -> list[tuple[Assignment, Bucket]]:
        """The assignments whose minutes the call may draw from, in order."""
        giving = [(one, bucket) for one in customer.assignments.values() if (bucket := one.bucket(call.day))]
        found = [pair for pair in giving if self._order(*pair, call) and not self.waits(customer, *pair)]
        return sorted(found, key=lambda pair: self._order(pair[0], pair[1], call) or ())

    def _order(self, one: Assignment, bucket: Bucket, call: Call) -> tuple[object, ...] | None:
        """The DID's own minutes first, then the longest prefix, the earliest expiry, the lowest assignment id."""
        lengths = [len(prefix) for prefix in one.package.prefixes or ("",) if call.destination.startswith(prefix)]
        if not lengths or one.did not in (None, call.did):
            return None
        return one.did is None, -max(lengths), bucket.expires, one.assignment_id

    def waits(self, customer: Customer, one: Assignment, bucket: Bucket) -> bool:
        """Minutes whose own charge is held give nothing until it is posted."""
        own = customer.first.get((one.giver(bucket.begins).assignment_id, bucket.own_charge or "", bucket.begins))
        return own is not None and own.status == "held"


def used_of(one: Assignment, bucket: Bucket) -> tuple[str, date]:
    """What draws from a bucket count under: the assignment that gave it when its period began, and since when."""
    return one.giver(bucket.used_since).assignment_id, bucket.used_since
