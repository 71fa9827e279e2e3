"""What must hold in a world that has come to rest. Due dates and amounts are counted a second time, by the tests' oracle."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chalicelib.domain.assignment import Assignment
from chalicelib.domain.ledger import Entry
from chalicelib.domain.package import Package
from chalicelib.storage import assignments, ledger, packages, plans, runs
from chalicelib.storage.db import decode
from chalicelib.usecases import run_package
from chalicelib.usecases.look import Ask
from tests.domain.oracle import Charge, Terms, charges

from .watch import amount, text

if TYPE_CHECKING:
    from .simulation import World

Spend = dict[date, Fraction]
FAR = timedelta(days=40)
HARMLESS = {"message twice", "time limit", "late", "sent again", "posting fails", "keys shared out otherwise"}
"""Faults that no worker dies of."""


def judge(world: "World") -> None:
    """Look at everything. What is broken is kept in the world's watch."""
    entries = [ledger.from_item(decode(item)) for item in world.store.items("ledger")]
    _accounts(world, entries)
    _charges(world, entries)
    _counts(world)
    _buckets(world)
    _runs(world, entries)
    _totals(world, entries)
    _reversals(world, entries)
    _marks(world)
    _replay(world)
    _simulation(world)


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


class _Case:
    """An assignment as it ended up, with its package, all that it ever was, and the spend that it sees."""

    def __init__(self, world: "World", ids: tuple[str, str]) -> None:
        self.versions = [assignments.from_item(decode(item)) for item in world.watch.assignments[ids]]
        self.final = self.versions[-1]
        self.packages = [packages._package(decode(item)) for item in world.watch.packages[self.final.package_id]]
        self.ruling = self.packages[-1]
        """The package with the rules under which the assignment ran: they are fixed once it was assigned."""
        self.spend: Spend = _spend(world, self.final)

    def terms(self, one: Assignment, package: Package, spend: Spend) -> Terms:
        return Terms(
            frequency=package.frequency, match=package.frequency_match, start=one.start_date, end=one.end_date,
            charge_from=one.charge_from, quantity=one.quantity, cost=Fraction(package.cost), retail=Fraction(package.retail),
            setup_cost=Fraction(package.setup_cost), setup_retail=Fraction(package.setup_retail),
            minimum_spend=package.minimum_spend, spend=spend,
        )  # fmt: skip

    def due(self, until: date) -> set[tuple[date, str]]:
        """What must have been charged: at whatever price and quantity there ever was, so that a minimum is above the spend."""
        if self.final.cancelled:
            return set()
        least = self.ruling._replace(retail=min(package.retail for package in self.packages))
        fewest = self.final._replace(quantity=min(one.quantity for one in self.versions))
        told = charges(self.terms(fewest, least, self.spend), date.min, until)
        return {(charge[0], charge[1]) for charge in told}

    def allows(self, entry: Entry) -> bool:
        """Whether some version of the assignment, at the prices and quantity of the entry, makes just this charge."""
        line = entry.line
        assert line is not None
        setup = entry.kind == "setup"
        prices = {"setup_cost" if setup else "cost": line.unit_cost, "setup_retail" if setup else "retail": line.unit_retail}
        spend: Spend = {line.period.since: Fraction(line.spend or 0)} if line.period else {}
        wanted: Charge = (entry.date, entry.kind, Fraction(entry.cost), Fraction(entry.retail))
        kept = {one._replace(quantity=line.quantity) for one in self._versions_for(entry)}
        terms = [self.terms(one, self.ruling._replace(**prices), spend) for one in kept]
        return any(wanted in charges(one, entry.date, entry.date) for one in terms)

    def _versions_for(self, entry: Entry) -> Iterator[Assignment]:
        """A charge made ahead of its date may have been due by an earlier end date; nothing else excuses one."""
        for one in self.versions:
            same = (one.start_date, one.charge_from) == (self.final.start_date, self.final.charge_from)
            if one is self.final or (same and entry.recorded_at[:10] < str(entry.date)):
                yield one._replace(cancelled=False)

    def priced_as_ever(self, entry: Entry) -> bool:
        """Whether the package had these prices, and the assignment this quantity, at some time."""
        line = entry.line
        assert line is not None
        setup = entry.kind == "setup"
        prices = {(p.setup_cost, p.setup_retail) if setup else (p.cost, p.retail) for p in self.packages}
        quantities, debits = {one.quantity for one in self.versions}, {one.auto_decrement_credit for one in self.versions}
        return (line.unit_cost, line.unit_retail) in prices and line.quantity in quantities and line.auto_decrement_credit in debits


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
        if entry.line:
            own[entry.customer_id, entry.line.assignment_id].append(entry)
    for ids in own:
        gone = ids not in world.watch.assignments or ids in world.watch.removed
        world.watch.demand("no charge without its assignment", not gone, ids)
    for ids in world.watch.assignments:
        if ids not in world.watch.removed:
            _charges_of(world, _Case(world, ids), own[ids])


def _charges_of(world: "World", case: _Case, own: list[Entry]) -> None:
    first = Counter((entry.date, str(entry.kind)) for entry in own if not entry.repeat)
    missing = case.due(world.last_day) - first.keys()
    world.watch.demand("every due charge is there", not missing, case.final, missing)
    world.watch.demand("every due charge is there once", all(count == 1 for count in first.values()), first)
    periods = sorted((e.line.period.since, e.line.period.until) for e in own if not e.repeat and e.line and e.line.period)
    apart = all(one[1] <= other[0] for one, other in pairwise(periods))
    world.watch.demand("no day lies in two settled periods", apart, case.final, periods)
    for entry in own:
        again = entry.repeat and (entry.date, entry.kind) not in first
        world.watch.demand("a repeat repeats something", not again, entry)
        world.watch.demand("no charge that is not due", case.allows(entry), entry, case.final)
        world.watch.demand("a charge has prices and quantity of its time", case.priced_as_ever(entry), entry)
        line = entry.line
        assert line is not None
        if line.period:
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


def _buckets(world: "World") -> None:
    """No bucket gives more than it has."""
    for item in world.store.items("usage"):
        if item["sk"]["S"].startswith("BUCKET#"):
            assignment = item["sk"]["S"].split("#")[1]
            most = max(int(amount(one, "minutes")) for one in world.watch.assignments[item["pk"]["S"], assignment]) * 60
            world.watch.demand("no bucket is overdrawn", amount(item, "used") <= most, item, most)


def _runs(world: "World", entries: list[Entry]) -> None:
    """A live run posts what it planned and tells what it posted."""
    by_place = {(entry.customer_id, entry.key): entry for entry in entries}
    planned: set[tuple[str, str, str]] = set()
    for run_id, kind in world.watch.runs.items():
        if kind != "package":
            continue
        for plan in plans.after(world.db, run_id):
            for step in plan.steps:
                planned.add((run_id, plan.customer_id, step.key))
                entry = by_place.get((plan.customer_id, step.key))
                if plan.done and step.status in ("posted", "repeat"):
                    ours = entry is not None and entry.run_id == run_id and entry.status == "posted"
                    world.watch.demand("what a run says it posted, it posted", ours, run_id, step, entry)
    for entry in entries:
        if entry.line and entry.run_id in world.watch.runs and world.watch.runs[entry.run_id] == "package":
            known = (entry.run_id, entry.customer_id, entry.key) in planned
            world.watch.demand("a run posts nothing but its plan", known, entry)


def _totals(world: "World", entries: list[Entry]) -> None:
    """A finished run tells what stands in the ledger under its id, however often its work was delivered; never more.

    It may tell less if a worker died: what that one had posted, and somebody else then took out of its successor's sight. It
    may tell a line twice if it lasted while keys were shared out otherwise, for then two segments had its customer.
    """
    died = bool(set(world.faults.injected) - HARMLESS)
    shared = bool(world.faults.injected["keys shared out otherwise"])
    for run_id in world.watch.runs:
        run = runs.find(world.db, run_id)
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
        run = runs.find(world.db, run_id)
        if run and run.reversal == "reversed":
            own = [entry for entry in entries if entry.line and entry.run_id == run_id]
            left = [one for one in own if one.status == "held" or (one.status == "posted" and one.entry_id not in undone)]
            world.watch.demand("a reversed run leaves nothing", not left, run, left)


def _marks(world: "World") -> None:
    """No assignment says for ever that it may be uncharged."""
    for item in world.store.items("accounts"):
        since = text(item, "evaluate_from")
        world.watch.demand("marks are cleared", since is None or since > str(world.last_day), item)


def _replay(world: "World") -> None:
    """A finished day evaluated again writes nothing."""
    before, changes = world.store.meter.writes, world.watch.changes
    world._evaluate(world.last_day, world.act("replay"))
    world.scheduler.wait_for(lambda: world.scheduler.alone_now)
    written = world.store.meter.writes - before, world.watch.changes - changes
    world.watch.demand("a replayed day writes nothing", written == (0, 0), written)


def _simulation(world: "World") -> None:
    """A simulation says what a live run then does."""
    ask = Ask(world.a_customer(), world.near(-1, 1), "charge_again" if world.perhaps(0.5) else "skip", "last-run")
    if not any(item["pk"]["S"] == ask.customer_id and item["sk"]["S"] == "ACCOUNT" for item in world.store.items("accounts")):
        return
    told = run_package.simulate(world.db, world.act(), ask)
    if len(told.outcomes) > world.profile.max_lines:
        return
    run_package.live(world.services, world.act(), ask)
    run = run_package.read(world.db, "last-run")
    done = run_package.report(world.db, run)
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
