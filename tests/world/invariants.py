"""What must hold in a world that has come to rest. Due dates and amounts are counted a second time, by the tests' oracle."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.ledger import Entry, charge_key, due_date_key
from chalicelib.domain.package import Package
from chalicelib.storage import assignments, ledger, packages, plans, runs
from chalicelib.storage.db import decode
from chalicelib.usecases.runs import on_demand, reports
from tests.oracles import dated
from tests.oracles.facts import as_facts

from .indexed import index_due, index_of
from .watch import amount, text

if TYPE_CHECKING:
    from .simulation import World

Spend = dict[date, Fraction]
FAR = timedelta(days=40)
HARMLESS = {"message twice", "time limit", "late", "sent again", "posting fails", "keys shared out otherwise"}
"""Faults that no worker dies of."""


def judge(world: "World") -> None:
    """Look at everything. What is broken is kept in the world's watch."""
    entries = judge_charges(world)
    _counts(world)
    _handovers(world)
    _buckets(world)
    _runs(world, entries)
    _totals(world, entries)
    _reversals(world, entries)
    _marks(world)
    _replay(world)
    _simulation(world)
    _charged_anew_once(world)
    _index(world)


def judge_charges(world: "World") -> list[Entry]:
    """Look at the ledger: balances, and every charge as the oracle counts it."""
    entries = _ledger(world)
    _accounts(world, entries)
    _answered(world, entries)
    _charges(world, entries)
    _standing(world, entries)
    _credited(world, entries)
    return entries


def _index(world: "World") -> None:
    """What customers, packages and ends are found by follows from them."""
    stands, due = index_of(world.store), index_due(world.store)
    world.watch.demand("everything is found by what it says", stands == due, stands - due, due - stands)


def _accounts(world: "World", entries: list[Entry]) -> None:
    """A balance is the sum of its entries; held charges are counted."""
    for item in world.store.items("accounts"):
        if item["sk"]["S"] != "ACCOUNT":
            continue
        own = [entry for entry in entries if entry.customer_id == item["pk"]["S"]]
        balance = sum((entry.credit_change for entry in own), Decimal(0))
        world.watch.demand("a balance is the sum of its entries", balance == amount(item, "balance"), item, balance)
        held = sum(entry.status == "held" for entry in own)
        world.watch.demand("an account counts its held charges", held == amount(item, "held"), item, held)


def _answered(world: "World", entries: list[Entry]) -> None:
    """What somebody was told is in the ledger is there: with these amounts, whatever was credited of it or released since."""
    by_place = {(entry.customer_id, entry.key): entry for entry in entries}
    for told in world.answered:
        found = by_place.get((told.customer_id, told.key))
        same = found is not None and (found.retail, found.cost, found.line) == (told.retail, told.cost, told.line)
        moved = found is not None and (told.status != "posted" or found.credit_change == told.credit_change)
        world.watch.demand("what was answered is in the ledger", same and moved, told, found)


def _standing(world: "World", entries: list[Entry]) -> None:
    """Of a charge and what was charged in its place one at most stands or is held. What a run repeated on purpose stands beside it."""
    chains = Counter(
        (entry.customer_id, due_date_key(entry.key))
        for entry in entries
        if entry.line and not entry.takes_back and not _repeats_by_intent(entry) and entry.status != "cancelled" and not entry.voided
    )
    world.watch.demand("an identity has one standing charge at most", all(count == 1 for count in chains.values()), chains)


def _repeats_by_intent(entry: Entry) -> bool:
    """Whether a run repeated what stood: its key ends with the run's id."""
    return entry.repeat and not _charged_anew(entry)


def _charged_anew(entry: Entry) -> bool:
    """Whether it was charged in place of what does not stand."""
    return entry.key.split("~")[3:4] in (["recharged"], ["revived"])


def _credited(world: "World", entries: list[Entry]) -> None:
    """What was credited of a charge is what credits, reversals and negative lines say they took of it; never more than it came to.

    A credit moves the balance as its charge did, and what may be charged anew is voided.
    """
    taken: dict[tuple[str, str], list[tuple[Decimal, Decimal]]] = defaultdict(list)
    by_place = {(entry.customer_id, entry.key): entry for entry in entries}
    for entry in entries:
        taken_of = [(one.key, one.retail, one.cost) for one in entry.takes if entry.status != "cancelled"]
        undone = entry.credits or entry.reverses
        if undone:
            place = entry.customer_id, undone.partition("~")[2]
            taken_of.append((place[1], -entry.retail, -entry.cost))
            charge = by_place[place]
            moves = entry.credit_change == (-entry.retail if charge.credit_change else 0)
            world.watch.demand("a credit moves the balance as its charge did", moves, entry, charge)
            world.watch.demand(
                "what may be charged anew is voided", charge.voided or bool(entry.credits and not entry.recharge), entry, charge
            )
        for key, retail, cost in taken_of:
            taken[entry.customer_id, key].append((retail, cost))
    for (customer, key), entry in by_place.items():
        sums = tuple(sum(column, Decimal(0)) for column in zip(*taken[customer, key], strict=True)) or (0, 0)
        credited = entry.credited_retail, entry.credited_cost
        if entry.status != "cancelled":
            world.watch.demand("what was credited of a charge is what was taken of it", credited == sums, entry, sums)
        most = entry.credited_retail <= max(entry.retail, Decimal(0)) and entry.credited_cost <= max(entry.cost, Decimal(0))
        world.watch.demand("a charge is credited no more than it came to", most, entry)


class _Case:
    """An assignment as it ended up, with its package, all that both ever were, and the spend that it sees."""

    def __init__(self, world: "World", ids: tuple[str, str]) -> None:
        self.watch = world.watch
        self.versions = [assignments.assignment_from_item(decode(item)) for item in world.watch.assignments[ids]]
        self.final = self.versions[-1]
        self.packages = [packages.package_from_item(decode(item)) for item in world.watch.packages[self.final.package_id]]
        self.spend: Spend = _spend(world, self.final)

    def due(self, until: date) -> set[tuple[date, str]]:
        """What must have been charged, at the prices and terms in force on each day. A negative line takes what is left, if anything."""
        told = dated.lines(*as_facts(self.packages[-1], self.final), self.final.start_date, until, self.spend)
        return {(line.day, line.kind) for line in told if line.cost >= 0 and line.retail >= 0}

    def allows(self, entry: Entry) -> bool:
        """Whether the facts of its days make just this charge."""
        line = entry.line
        assert line is not None
        spend: Spend = {line.period.since: Fraction(line.spend or 0)} if line.period else {}
        return any(_makes(package, one, entry, spend) for package, one in self._facts_for(entry))

    def _facts_for(self, entry: Entry) -> Iterator[tuple[Package, Assignment]]:
        """The dated facts as they ended up: those of a day can't change once its evaluation has begun.

        A charge made ahead of its date may have been due by an earlier end date. A Run Package of a day that was still open used
        what was known then. Nothing else excuses a charge.
        """
        final = self.final._replace(cancelled=False)
        made_by = self.watch.made_by[entry.customer_id, entry.key]
        by_hand = self.watch.runs.get(made_by) == "package" and entry.date >= self.watch.open_from[made_by]
        yield self.packages[-1], final
        for one in self.versions:
            same = (one.start_date, one.charge_from) == (final.start_date, final.charge_from)
            if same and entry.recorded_at[:10] < str(entry.date):
                yield self.packages[-1], final._replace(end_date=one.end_date)
            if same and by_hand:
                yield from ((package, one._replace(cancelled=False)) for package in self.packages)

    def debits(self, entry: Entry) -> bool:
        """Whether it takes credit if the terms of its days say so; what was ever held was tried by those of another day.

        A negative line moves the balance as far as the charges did that it takes from.
        """
        assert entry.line is not None
        negative = entry.line.quantity < 0
        if negative or entry.kind == "minimum_spend" or (entry.customer_id, entry.key) in self.watch.ever_held:
            return True
        terms = {dated.terms_on(as_facts(*facts)[1], entry.date).auto_decrement_credit for facts in self._facts_for(entry)}
        return entry.line.auto_decrement_credit in terms


def _makes(package: Package, assignment: Assignment, entry: Entry, spend: Spend) -> bool:
    """Whether these facts make the charge, by the oracle. Of a negative line as much as was left is taken, or less in each part of it;
    what is charged anew is one sum with the negative lines of its period."""
    line = entry.line
    assert line is not None
    told = dated.lines(*as_facts(package, assignment), entry.date, entry.date, spend)
    wanted = (entry.kind, line.quantity, Fraction(line.unit_cost), Fraction(line.unit_retail))
    cost, retail = Fraction(entry.cost), Fraction(entry.retail)

    def comes_to(one: dated.Line) -> bool:
        exact = (one.cost, one.retail) == (cost, retail)
        less = _charged_anew(entry) and package.proration == "daily" and 0 <= cost <= one.cost and 0 <= retail <= one.retail
        return exact or less or (line.quantity < 0 and one.cost <= cost <= 0 and one.retail <= retail <= 0)

    return any(wanted == (one.kind, one.quantity, one.unit_cost, one.unit_retail) and comes_to(one) for one in told)


def _spend(world: "World", one: Assignment) -> Spend:
    found: Spend = defaultdict(Fraction)
    for item in world.store.items("usage"):
        if item["pk"]["S"] == one.customer_id and item["sk"]["S"].startswith("CALL#") and one.did in (None, text(item, "did")):
            found[date.fromisoformat(str(text(item, "day")))] += Fraction(amount(item, "charge"))
    return found


def _charges(world: "World", entries: list[Entry]) -> None:
    """Every due charge is there, once; and none that is not due."""
    own: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.line and entry.line.is_one_off:
            _one_off(world, entry)
        elif entry.line:
            own[entry.customer_id, entry.line.assignment_id].append(entry)
    for ids in own:
        gone = ids not in world.watch.assignments or ids in world.watch.removed
        world.watch.demand("no charge without its assignment", not gone, ids)
    for ids in world.watch.assignments:
        if ids not in world.watch.removed:
            _charges_of(world, _Case(world, ids), own[ids])


def _one_off(world: "World", entry: Entry) -> None:
    """A one-off charge comes to its unit prices, and debits what it comes to, if it is to debit and posted."""
    line = entry.line
    assert line is not None
    exact = (entry.retail, entry.cost) == (line.quantity * line.unit_retail, line.quantity * line.unit_cost)
    debited = -entry.retail if line.auto_decrement_credit and entry.status == "posted" else 0
    world.watch.demand("a one-off charge comes to its prices", exact and entry.credit_change == debited and not entry.repeat, entry)


def _charges_of(world: "World", case: _Case, own: list[Entry]) -> None:
    first = Counter((entry.date, str(entry.kind)) for entry in own if not entry.repeat and "~part~" not in entry.key)
    missing = case.due(world.last_day) - first.keys()
    world.watch.demand("every due charge is there", not missing, case.final, missing)
    world.watch.demand("every due charge is there once", all(count == 1 for count in first.values()), first)
    settled = [e.line.period for e in own if e.kind == "minimum_spend" and not e.repeat and e.line and e.line.period]
    periods = sorted((one.since, one.until) for one in settled)
    apart = all(one[1] <= other[0] for one, other in pairwise(periods))
    world.watch.demand("no day lies in two settled periods", apart, case.final, periods)
    for entry in own:
        again = entry.repeat and (entry.date, entry.kind) not in first
        world.watch.demand("a repeat repeats something", not again, entry)
        world.watch.demand("a charge is due, at the prices and terms of its days", case.allows(entry), entry, case.final, case.packages[-1])
        world.watch.demand("a charge debits by the terms of its day", case.debits(entry), entry, case.final)
        line = entry.line
        assert line is not None
        if entry.kind == "minimum_spend" and line.period:
            spent = sum((s for d, s in case.spend.items() if line.period.since <= d < line.period.until), Fraction(0))
            world.watch.demand("a settled spend is no more than was spent", 0 <= (line.spend or 0) <= spent, entry, spent)


def _counts(world: "World") -> None:
    """Packages and accounts count their assignments; DIDs are held by those that have them."""
    standing = {ids: one[-1] for ids, one in world.watch.assignments.items() if ids not in world.watch.removed}
    by_package = Counter(text(item, "package") for item in standing.values())
    by_customer = Counter(customer for customer, _ in standing)
    giving = Counter(customer for (customer, _), item in standing.items() if "minutes" in item)
    for item in standing.values():
        listed = text(item, "minutes_of") == (item["pk"]["S"] if "minutes" in item else None)
        world.watch.demand("an assignment that gives minutes is in their index", listed, item)
    for item in world.store.items("catalog"):
        if item["pk"]["S"] == "PACKAGE":
            counted = by_package[item["sk"]["S"]]
            world.watch.demand("a package counts its assignments", amount(item, "assignments") == counted, item, counted)
        elif item["pk"]["S"].startswith("DID#"):
            _holds(world, item)
    for item in world.store.items("accounts"):
        if item["sk"]["S"] == "ACCOUNT":
            counted = by_customer[item["pk"]["S"]]
            world.watch.demand("an account counts its assignments", amount(item, "assignments") == counted, item, counted)
            told_apart = amount(item, "with_minutes"), amount(item, "without_minutes")
            wanted = giving[item["pk"]["S"]], counted - giving[item["pk"]["S"]]
            world.watch.demand("an account counts assignments with minutes", told_apart == wanted, item, wanted)


def _holds(world: "World", item: Any) -> None:
    did = item["pk"]["S"].removeprefix("DID#")
    held = {one: tuple(value["L"][n]["S"] for n in range(3)) for one, value in item["holds"]["M"].items()}
    wanted = {
        ids[1]: (ids[0], text(one[-1], "starts"), text(one[-1], "ends") or date.max.isoformat())
        for ids, one in world.watch.assignments.items()
        if ids not in world.watch.removed and text(one[-1], "did") == did and "cancelled" not in one[-1]
    }
    world.watch.demand("a DID knows who has it", held == wanted, did, held, wanted)
    clash = [
        (one, other)
        for one in held.values()
        for other in held.values()
        if one[0] != other[0] and str(one[1]) <= str(other[2]) and str(other[1]) <= str(one[2])
    ]
    world.watch.demand("a DID has one customer at a time", not clash, clash)


def _handovers(world: "World") -> None:
    """Both sides of a replacement or transfer name each other, and the one ends on the eve of the other."""
    left = {ids: one[-1] for ids, one in world.watch.assignments.items() if ids not in world.watch.removed}
    standing = {ids: assignments.assignment_from_item(decode(item)) for ids, item in left.items()}
    for old in standing.values():
        new = standing.get((old.transferred_to or old.customer_id, old.replaced_by or ""))
        if new:
            meet = new.start_date == (old.start_date if old.cancelled else (old.end_date or date.min) + timedelta(days=1))
            named = (new.replaces, new.transferred_from) == (old.assignment_id, old.customer_id if old.transferred_to else None)
            world.watch.demand("both sides of a step meet and name each other", meet and named, old, new)


def _buckets(world: "World") -> None:
    """No bucket gives more than it has."""
    for item in world.store.items("usage"):
        if item["sk"]["S"].startswith("BUCKET#"):
            assignment = item["sk"]["S"].split("#")[1]
            versions = [assignments.assignment_from_item(decode(one)) for one in world.watch.assignments[item["pk"]["S"], assignment]]
            most = max(60 * minutes for one in versions for minutes in _minutes_of(one))
            world.watch.demand("no bucket is overdrawn", amount(item, "used") <= most, item, most)


def _minutes_of(one: Assignment) -> Iterator[int]:
    """The free minutes of its first terms and of later ones."""
    yield one.free_minutes or 0
    yield from (entry.values.get("free_minutes") or 0 for entry in one.terms)


def _runs(world: "World", entries: list[Entry]) -> None:
    """A live run posts what it planned and tells what it posted."""
    by_place = {(entry.customer_id, entry.key): entry for entry in entries}
    planned: set[tuple[str, str, str]] = set()
    for run_id, kind in world.watch.runs.items():
        if kind != "package":
            continue
        for plan in plans.plans_after(world.db, run_id):
            for step in plan.steps:
                planned.add((run_id, plan.customer_id, step.key))
                entry = by_place.get((plan.customer_id, step.key))
                if plan.done and step.status in ("posted", "repeat"):
                    ours = entry is not None and entry.run_id == run_id and entry.status == "posted"
                    world.watch.demand("what a run says it posted, it posted", ours, run_id, step, entry)
    for entry in entries:
        if entry.line and entry.run_id in world.watch.runs and world.watch.runs[entry.run_id] == "package":
            known = entry.takes_back or (entry.run_id, entry.customer_id, entry.key) in planned
            world.watch.demand("a run posts nothing but its plan", known, entry)


def _totals(world: "World", entries: list[Entry]) -> None:
    """A finished run tells what stands in the ledger under its id, however often its work was delivered; never more.

    It may tell less if a worker died: what that one had posted, and somebody else then took out of its successor's sight. It
    may tell a line twice if it lasted while keys were shared out otherwise, for then two segments had its customer.
    """
    died = bool(set(world.faults.injected) - HARMLESS)
    shared = bool(world.faults.injected["keys shared out otherwise"])
    for run_id in world.watch.runs:
        run = runs.find_run(world.db, run_id)
        if run is None or run.result is None:
            continue
        own = [entry for entry in entries if entry.line and entry.run_id == run_id and entry.status == "posted"]
        told = sum(totals.lines for totals in run.result.totals.values())
        excused = (died and told < len(own)) or (shared and told > len(own))
        world.watch.demand("a run tells what it posted", told == len(own) or excused, run_id, run.result, own)


def _reversals(world: "World", entries: list[Entry]) -> None:
    """An entry is reversed once; a run that says it is reversed has left nothing posted or held."""
    undone = Counter(entry.reverses for entry in entries if entry.reverses)
    world.watch.demand("nothing is reversed twice", all(count == 1 for count in undone.values()), undone)
    for run_id in world.watch.runs:
        run = runs.find_run(world.db, run_id)
        if run and run.reversal == "reversed":
            own = [entry for entry in entries if entry.line and entry.run_id == run_id]
            standing = [one for one in own if not one.takes_back]
            left = [one for one in standing if one.status == "held" or one.left_retail or one.left_cost]
            world.watch.demand("a reversed run leaves nothing", not left, run, left)


def _marks(world: "World") -> None:
    """No assignment says for ever that it may be uncharged."""
    for item in world.store.items("accounts"):
        since = text(item, "evaluate_from")
        world.watch.demand("marks are cleared", since is None or since > str(world.last_day), item)


def _replay(world: "World") -> None:
    """A finished day evaluated again writes nothing."""
    before, changes = world.store.meter.writes, world.watch.changes
    world.evaluate(world.last_day, world.context("replay"))
    world.scheduler.wait_for(lambda: world.scheduler.alone_now)
    written = world.store.meter.writes - before, world.watch.changes - changes
    world.watch.demand("a replayed day writes nothing", written == (0, 0), written)


def _simulation(world: "World") -> None:
    """A simulation says what a live run then does."""
    ask = RunRequest(world.a_customer(), world.near(-1, 1), "charge_again" if world.perhaps(0.5) else "skip", "last-run")
    if not any(item["pk"]["S"] == ask.customer_id and item["sk"]["S"] == "ACCOUNT" for item in world.store.items("accounts")):
        return
    told = on_demand.simulate_customer(world.db, world.context(), ask)
    if len(told.outcomes) > world.profile.max_lines:
        return
    on_demand.run_live(world.services, world.context(), ask)
    run = reports.read_run(world.db, "last-run")
    done = reports.read_report(world.db, run)
    same = {
        "simulated": {"posted", "repeat"},
        "held": {"held"},
        "skipped": {"skipped"},
        "written_off": {"written_off"},
        "not_over": {"not_over"},
    }
    pairs = list(zip(told.outcomes, done.outcomes, strict=True))
    alike = all(one.line == other.line and other.status in same[one.status] for one, other in pairs)
    world.watch.demand("a simulation is the live run", alike and told.balance_after == done.balance_after, told, done)


def _charged_anew_once(world: "World") -> None:
    """What was voided and is due by the facts is charged anew by the first run with `skip`, and by no second one."""
    voided = [entry for entry in _ledger(world) if entry.voided and entry.line and not entry.line.is_one_off]
    if not voided:
        return
    day = world.pick(sorted({entry.date for entry in voided}))
    for customer in sorted({entry.customer_id for entry in voided if entry.date == day}):
        lines = _skipping(world, customer, day, f"anew-{customer}")
        wanting = [key for key in lines if not _stands(world, customer, key)]
        world.watch.demand("what was voided is charged anew", not wanting, customer, day, wanting)
        made = len(_ledger(world))
        _skipping(world, customer, day, f"once-{customer}")
        world.watch.demand("what was charged anew is charged once", len(_ledger(world)) == made, customer, day)
    _standing(world, _ledger(world))
    _credited(world, _ledger(world))


def _skipping(world: "World", customer: str, day: date, run_id: str) -> list[str]:
    """Run with `skip`; the keys of what is due then. Nothing if these are too many."""
    request = RunRequest(customer, day, "skip", run_id)
    due = [one.line for one in on_demand.simulate_customer(world.db, world.context(), request).outcomes]
    if len(due) > world.profile.max_lines:
        return []
    on_demand.run_live(world.services, world.context(), request)
    return [charge_key(line.identity) for line in due if not line.takes_back]


def _stands(world: "World", customer: str, key: str) -> bool:
    """Whether a due date stands or is held, was written off, or can't be charged yet."""
    made = [one for one in _ledger(world) if one.customer_id == customer and due_date_key(one.key) == key and not one.takes_back]
    ahead = key.partition("~")[0] > str(world.day) and "~1-" not in key
    return ahead or any(one.stands or one.status == "held" or one.written_off for one in made)


def _ledger(world: "World") -> list[Entry]:
    return [ledger.entry_from_item(decode(item)) for item in world.store.items("ledger")]
