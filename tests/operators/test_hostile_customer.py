"""A customer who is as large as the API allows, beside honest ones: what one customer can do stops no other.

Names of 200 characters that hardly compress, hundreds of lines a day; which characters, segments and rounds, a seed says.
"""

import random
import zlib
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import Contention
from chalicelib.domain.package import Package
from chalicelib.domain.record import Result, RunRecord
from chalicelib.storage import accounts, assignments
from chalicelib.usecases.runs import on_demand, reports
from tests.world.dynamodb import Request, error
from tests.world.sizes import MAX_ITEM, item_size

from .test_large_worlds import flaws
from .world import TODAY, World

HONEST = 20
LINES = 1740
PACKAGES = 60
ALPHABETS = {"CJK": range(0x4E00, 0x9FA5), "astral": range(0x20000, 0x2A6D6)}
TOMORROW = TODAY + timedelta(days=1)


class Hostile:
    """A world with the hostile customer and the honest ones. Half of the assignments of the hostile one begin tomorrow."""

    def __init__(self, seed: int, alphabet: str, *, begun: int = LINES) -> None:
        chance = random.Random(seed)
        self.world = World(segments=chance.choice((1, 2)), round_customers=chance.choice((1, 7, 2000)))
        named = [self._package(chance, alphabet, LINES // PACKAGES) for _ in range(PACKAGES)]
        self.world.db.write(accounts.create_account(Account("hostile", "USD")))
        for n in range(LINES):
            starts = TODAY if n < begun else TODAY + timedelta(days=9)
            one = Assignment("hostile", f"hostile-{n:06}", named[n % PACKAGES].package_id, starts, auto_decrement_credit=n % 2 == 0)
            self.world.db.write(assignments.create_assignment(one))
        plain = self.world.package(assigned=HONEST, frequency="daily")
        for n in range(HONEST):
            self.world.customer(f"c{n:02}", plain, 1, debits=n % 2 == 0)

    def _package(self, chance: random.Random, alphabet: str, assigned: int) -> Package:
        name = "".join(map(chr, chance.choices(ALPHABETS[alphabet], k=200)))
        return self.world.package(assigned=assigned, frequency="daily", name=name)

    def charged(self, customer: str) -> int:
        return sum(item["pk"]["S"] == customer for item in self.world.store.items("ledger"))

    def demand_honest_charged(self, days: int) -> None:
        for n in range(HONEST):
            assert self.charged(f"c{n:02}") == days

    def demand_small_items(self) -> None:
        assert max(item_size(item) for item in self.world.store.items("runs")) < 0.8 * MAX_ITEM


def listed_lines(world: World, run_id: str) -> int:
    """How many lines a run lists, page by page; each once."""
    found, after = [], None
    while True:
        lines, after = reports.list_lines(world.db, run_id, after, 200)
        found += [(one.line.customer_id, one.line.identity) for one in lines]
        if after is None:
            break
    assert len(set(found)) == len(found)
    return len(found)


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("seed", range(2))
def test_d1_a_hostile_customer_stops_no_daily_run(seed: int, alphabet: str) -> None:
    hostile = Hostile(seed, alphabet)
    for day in (TODAY, TOMORROW):
        run, result = hostile.world.evaluate(day)
        assert (run.state, result.failed, result.totals["USD"].lines) == ("finished", 0, LINES + HONEST)
    hostile.demand_honest_charged(2)
    assert hostile.charged("hostile") == 2 * LINES
    hostile.demand_small_items()
    assert flaws(hostile.world) == []


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("begun", [LINES, 700, 0], ids=["all due", "some due", "none due"])
def test_d1_a_live_run_package_of_a_hostile_customer_posts(begun: int, alphabet: str) -> None:
    """All due: plans in many parts. None due: only reasons."""
    hostile = Hostile(1, alphabet, begun=begun)
    world = hostile.world
    ask = RunRequest("hostile", TODAY, "skip", "by-hand")
    on_demand.run_live(world.services, world.context(), ask)
    world.work_off()
    run = reports.read_run(world.db, "by-hand")
    assert run.state == "finished"
    report = reports.read_report(world.db, run)
    assert (hostile.charged("hostile"), len(report.outcomes)) == (begun, begun)
    assert {one.status for one in report.outcomes} <= {"posted"}
    assert len(report.not_due) == min(1000, LINES - begun)
    hostile.demand_small_items()


def run_all(world: World) -> tuple[RunRecord, Result]:
    on_demand.run_live(world.services, world.context(), RunRequest(None, TODAY, "skip", "all"))
    world.work_off()
    run = reports.read_run(world.db, "all")
    return run, run.result or Result({})


def test_d1_a_run_of_all_with_a_hostile_customer_charges_all() -> None:
    hostile = Hostile(3, "astral")
    run, result = run_all(hostile.world)
    assert (run.state, result.failed, result.totals["USD"].lines) == ("finished", 0, LINES + HONEST)
    hostile.demand_honest_charged(1)
    assert listed_lines(hostile.world, "all") == LINES + HONEST


def journal(request: Request) -> bool:
    return request.operation == "put_item" and "LINES#" in str(request.arguments["Item"]["sk"])


def test_d1_a_journal_that_can_not_be_kept_stops_no_round() -> None:
    """It is told whose lines are missing in the run's report; the charges stand."""
    hostile = Hostile(0, "CJK")
    world = hostile.world
    world.breaks = journal
    run, result = world.evaluate(TODAY)
    assert run.state == "finished_with_failures"
    assert result.failed == HONEST + 1
    assert {failure.code for failure in result.failures} == {"internal"}
    hostile.demand_honest_charged(1)
    assert hostile.charged("hostile") == LINES
    world.breaks = lambda _: False
    run, result = world.evaluate(TOMORROW)
    assert (run.state, result.totals["USD"].lines, listed_lines(world, run.run_id)) == ("finished", LINES + HONEST, LINES + HONEST)
    assert flaws(world) == []


def test_d1_only_the_customer_whose_lines_break_the_journal_misses_them() -> None:
    hostile = Hostile(2, "astral")
    world = hostile.world
    world.breaks = lambda request: journal(request) and b"hostile" in _unpacked(request)
    run, result = world.evaluate(TODAY)
    assert (run.state, result.failed, result.failures[0].customer_id) == ("finished_with_failures", 1, "hostile")
    assert result.totals["USD"].lines == listed_lines(world, run.run_id) == HONEST
    hostile.demand_honest_charged(1)


def _unpacked(request: Request) -> bytes:
    return zlib.decompress(request.arguments["Item"]["steps"]["B"])


@pytest.mark.parametrize(
    "broken", [ValueError("malformed"), Contention("another writer changed it at the same time")], ids=["broken", "contended"]
)
def test_d1_a_charge_that_can_not_be_posted_takes_no_other_customers_with_it(broken: Exception) -> None:
    """Charges that debit nothing share transactions with other customers'."""
    world = World()
    package = world.package(assigned=HONEST + 1, frequency="daily")
    for customer in ("bad", *(f"c{n:02}" for n in range(HONEST))):
        world.customer(customer, package, 1, debits=False)

    def refuse(request: Request) -> bool:
        if request.operation != "transact_write_items" or "'bad'" not in str(request.arguments):
            return False
        if isinstance(broken, Contention):
            raise error("TransactionConflictException")
        return True

    world.breaks = refuse
    run, result = world.evaluate(TODAY)
    assert (run.state, result.totals["USD"].lines) == ("finished_with_failures", HONEST)
    assert [failure.customer_id for failure in result.failures] == ["bad"]
    world.breaks = lambda _: False
    _, result = world.evaluate(TOMORROW)
    assert (result.failed, result.totals["USD"].lines, world.charged()) == (0, HONEST + 2, 2 * (HONEST + 1))
    assert Decimal("1.50") * (HONEST + 2) == result.totals["USD"].retail
