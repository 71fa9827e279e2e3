"""A live run of all customers that is to post what was seen (rules 6): `expect` with a kept simulation."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.deciding import IfCharged, RunRequest
from chalicelib.domain.errors import Conflict, Invalid, NotFound
from chalicelib.domain.record import RunRecord
from chalicelib.domain.report import Report
from chalicelib.storage import accounts
from chalicelib.usecases import assignments, packages, simulations
from chalicelib.usecases.runs import kept, on_demand, read_message, reports, requests
from chalicelib.usecases.runs import work_off as work_off_message
from chalicelib.usecases.simulations import FoundSimulation
from chalicelib.usecases.work import merging, pieces, results, turns
from tests.harness import lose_an_answer
from tests.usecases.exporting import work_off, work_off_despite_crash
from tests.world.scheduler import Crashed
from tests.world.simulation import World
from tests.world.stage import TODAY, Stage, furnished, made_once
from tests.world.test_crashes import CrashAt

KEPT = "kept"
SEEDS = 12
Posted = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects, files and blocks of a few records, which larger worlds have by themselves."""
    monkeypatch.setattr(pieces.PieceWork, "limits", pieces.PieceWork.limits._replace(customers=2, lines=4))
    monkeypatch.setattr(merging, "FILE_ROWS", 5)
    monkeypatch.setattr(merging, "RESORTED_GROUPS", 2)
    monkeypatch.setattr(results, "BLOCK_BYTES", 150)


def request(run_id: str = "run", expect: str | None = None, if_charged: IfCharged = "skip", **asked: Any) -> RunRequest:
    return RunRequest(None, asked.pop("date", TODAY), if_charged, run_id, expect=expect, **asked)


def keep(stage: Stage, if_charged: IfCharged = "skip", name: str = KEPT) -> FoundSimulation:
    """A finished simulation of all customers."""
    context = stage.context(name)
    simulations.request_simulation(stage.services, context, request("", None, if_charged))
    work_off(stage)
    return simulations.read_simulation(stage.services, context, name)


def run(stage: Stage, expect: str | None = KEPT, run_id: str = "run", if_charged: IfCharged = "skip") -> RunRecord:
    """A live run of all customers, worked off."""
    on_demand.run_live(stage.services, stage.context(run_id), request(run_id, expect, if_charged))
    stage.work_off()
    return reports.read_run(stage.db, run_id)


def failures(found: RunRecord) -> dict[str, tuple[str, str]]:
    assert found.result is not None
    assert found.result.failed == len(found.result.failures)
    return {one.customer_id: (one.code, one.detail) for one in found.result.failures}


def posted(stage: Stage) -> Posted:
    """What the ledgers have, by customer."""
    found: Posted = {}
    for item in stage.store.items("ledger"):
        found.setdefault(item["pk"]["S"], []).append((item["sk"]["S"], item.get("debit"), item.get("retail"), item.get("state")))
    return {customer: sorted(own, key=str) for customer, own in found.items()}


@made_once
def peopled() -> Stage:
    """Customers in plenty, one with a price of its own, one with a balance that is short, one who is parked."""
    stage = furnished()
    stage.package("own", cost=Decimal(1), retail=Decimal(7), frequency="daily")
    for n in range(5):
        stage.customer(f"c{n}", limit=f"{2 * n}")
        stage.assign(f"c{n}-line", f"c{n}", "line", auto_decrement_credit=n % 2 == 0, quantity=1 + n)
    stage.assign("c3-own", "c3", "own")
    stage.db.write(accounts.create_account(Account("parked", "USD")))
    stage.db.write(accounts.park(Account("parked", "USD", parked=True, version=2), TODAY))
    return stage


def reprice(stage: Stage, package_id: str = "own", retail: int = 8) -> None:
    packages.change_package(stage.db, stage.context("edit"), package_id, None, lambda one: one._replace(retail=Decimal(retail)))


def requantify(stage: Stage, ids: tuple[str, str]) -> None:
    assignments.change_assignment(stage.db, stage.context("edit"), ids, None, lambda one: one._replace(quantity=3), True)


def test_a_kept_simulation_comes_to_what_a_simulation_comes_to() -> None:
    stage = peopled()
    before = stage.state()
    found = keep(stage)
    assert found.work.state == "finished"
    assert found.summary == reports.simulate_all(stage.db, stage.context(KEPT), request())
    assert (found.summary.parked_customers, len(found.summary.by_customer)) == (["parked"], 7)
    assert {name: items for name, items in stage.state().items() if name not in ("runs", "history")} == {
        name: items for name, items in before.items() if name not in ("runs", "history")
    }


def test_so_it_does_in_worlds_of_every_kind_and_a_run_posts_it_all() -> None:
    sizes = set()
    for seed in range(SEEDS):
        world = World(seed)
        world.play()
        world.store.hook = None
        world.store.observers.clear()
        context = world.context(KEPT)
        ask = RunRequest(None, context.today, "charge_again", "live")
        simulations.request_simulation(world.services, context, ask)
        work_off(world)
        found = simulations.read_simulation(world.services, context, context.id)
        seen = reports.simulate_all(world.db, context, ask)
        assert found.summary == seen, seed
        queued: list[Any] = []
        services = world.services._replace(send=queued.extend)
        on_demand.run_live(services, context, ask._replace(expect=context.id))
        for message in queued:
            work_off_message(services, context, read_message(message), lambda: 100.0)
        assert reports.read_summary(world.db, reports.read_run(world.db, "live")).totals == seen.totals, seed
        differing = [one for one in reports.so_far(world.db, reports.read_run(world.db, "live")).failures if one.code == "differs"]
        assert not differing, seed
        sizes.add(len(seen.by_customer))
    assert max(sizes) > 1


def test_every_customer_is_posted_but_the_one_who_differs_and_a_second_run_takes_that_one() -> None:
    stage, undisturbed = peopled(), peopled()
    found, _ = keep(stage), keep(undisturbed)
    assert found.work.failed == 0
    reprice(stage)
    done, whole = run(stage), run(undisturbed)
    assert done.state == "finished_with_failures"
    told = failures(done)
    code, detail = told.pop("c3")
    seen, now_it_is = (f"charge 1 for {retail}, cost 1.00, debit 0.00" for retail in ("7.00", "8.00"))
    assert (code, detail) == ("differs", f"recurring of c3-own due 2024-03-01: {seen} was seen, now it is {now_it_is}")
    assert told == failures(whole) == {"parked": ("parked", told["parked"][1])}
    now, then = posted(stage), posted(undisturbed)
    assert "c3" not in now
    assert "c3" in then
    assert now == {customer: entries for customer, entries in then.items() if customer != "c3"}
    again = run(stage, None, "second")
    assert failures(again).keys() == {"parked"}
    charged = {item["sk"]["S"] for item in stage.store.items("ledger") if item["pk"]["S"] == "c3"}
    assert charged == {key for key, *_ in then["c3"]}


def give(stage: Stage) -> None:
    stage.assign("c1-new", "c1", "own")


def put_off(stage: Stage) -> None:
    begins = TODAY + timedelta(days=1)
    assignments.change_assignment(
        stage.db, stage.context("edit"), ("c3", "c3-own"), None, lambda one: one._replace(start_date=begins), True
    )


def newcomer(stage: Stage) -> None:
    stage.customer("new")
    stage.assign("new-line", "new", "line")


def daily(stage: Stage) -> None:
    stage.evaluate("meanwhile")


MEANWHILE: dict[str, tuple[Callable[[Stage], Any], set[str]]] = {
    "nothing": (lambda stage: None, set()),
    "another assignment": (give, {"c1"}),
    "one that begins later": (lambda stage: stage.assign("c1-new", "c1", "own", starts=1), set()),
    "a new customer": (newcomer, {"new"}),
    "an assignment that begins later now": (put_off, {"c3"}),
    "a package that many have": (partial(reprice, package_id="line"), {"rich", "poor", "c0", "c1", "c2", "c3", "c4"}),
    "the daily evaluation": (daily, {"rich", "poor", "c0", "c1", "c2", "c3", "c4"}),
}


@pytest.mark.parametrize(("meanwhile", "differing"), MEANWHILE.values(), ids=MEANWHILE)
def test_who_differs_is_left_alone(meanwhile: Callable[[Stage], Any], differing: set[str]) -> None:
    stage = peopled()
    keep(stage)
    meanwhile(stage)
    before = posted(stage)
    told = failures(run(stage))
    assert {customer for customer, (code, _) in told.items() if code == "differs"} == differing
    after = posted(stage)
    assert all(after.get(one) == before.get(one) for one in differing)
    if meanwhile is not daily:
        others = {"rich", "poor", "c0", "c1", "c2", "c3", "c4"} - differing
        assert all(len(after[one]) > len(before.get(one, ())) for one in others)


def test_the_same_run_again_completes_it_by_what_was_recorded() -> None:
    """Who was posted stays so, whatever has changed since; who differed is looked at anew."""
    stage = peopled()
    keep(stage)
    reprice(stage)
    assert failures(run(stage))["c3"][0] == "differs"
    state = posted(stage)
    reprice(stage, "line")
    assert failures(run(stage))["c3"][0] == "differs"
    assert posted(stage) == state
    reprice(stage, "line", 3)
    reprice(stage, "own", 7)
    assert failures(run(stage)).keys() == {"parked"}
    assert posted(stage).keys() - state.keys() == {"c3"}


def test_it_can_be_charged_again_as_it_was_seen() -> None:
    stage = peopled()
    daily(stage)
    keep(stage, "charge_again")
    before = posted(stage)
    assert failures(run(stage, if_charged="charge_again")).keys() == {"parked"}
    after = posted(stage)
    assert all(len(after[one]) > len(before[one]) for one in ("rich", "c1", "c3"))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"date": TODAY + timedelta(days=1)}, "/date"),
        ({"if_charged": "charge_again"}, "/if_charged"),
        ({"include_written_off": True}, "/include_written_off"),
        ({"expect": "none"}, "/expect"),
    ],
)
def test_the_run_is_of_what_was_simulated(asked: dict[str, Any], field: str) -> None:
    stage = peopled()
    keep(stage)
    state = stage.state()
    with pytest.raises(Invalid) as error:
        on_demand.run_live(stage.services, stage.context("run"), request(**{"expect": KEPT, **asked}))
    assert [fault.pointer for fault in error.value.faults] == [field]
    assert (stage.state(), stage.queued) == (state, [])


def test_only_a_finished_simulation_that_has_not_expired_can_be_expected() -> None:
    stage = peopled()
    wanted = request(expect=KEPT)
    simulations.request_simulation(stage.services, stage.context(KEPT), request())
    with pytest.raises(Conflict) as conflict:
        on_demand.run_live(stage.services, stage.context("run"), wanted)
    assert conflict.value.code == "in_progress"
    work_off(stage)
    cancelled = simulations.request_simulation(stage.services, stage.context("other"), request())
    turns.cancel_work(stage.services, stage.context("cancel"), cancelled)
    with pytest.raises(Invalid, match="cancelled"):
        on_demand.run_live(stage.services, stage.context("run"), request(expect="other"))
    later = stage.context("run")._replace(at=stage.context("run").at + timedelta(days=30))
    with pytest.raises(Invalid, match="expired"):
        on_demand.run_live(stage.services, later, wanted)
    assert simulations.read_simulation(stage.services, later, KEPT).summary is None
    with pytest.raises(NotFound):
        simulations.read_simulation(stage.services, later, "none")
    done = run(stage)
    assert on_demand.run_live(stage.services, later, request(expect="other", run_id="run2")._replace(expect=None)).run.run_id == "run2"
    with pytest.raises(Conflict) as reused:
        on_demand.run_live(stage.services, stage.context("again"), request())
    assert reused.value.code == "run_id_reused"
    assert done.expect == KEPT


def test_a_run_that_is_over_needs_no_simulation_any_more() -> None:
    stage = furnished()
    keep(stage)
    done = run(stage)
    assert done.state == "finished"
    later = stage.context("later")._replace(at=stage.context("later").at + timedelta(days=40))
    assert on_demand.run_live(stage.services, later, request(expect=KEPT)).run == done
    assert stage.queued == []


def _disturbed() -> Stage:
    """A simulation is kept, one of whose customers differs by now."""
    stage = furnished()
    stage.customer("other")
    stage.assign("other-line", "other", "line", quantity=2)
    keep(stage)
    requantify(stage, ("other", "other-line"))
    return stage


@lru_cache(maxsize=1)
def _at_rest() -> tuple[Stage, Posted]:
    stage = _disturbed()
    whole = _copy(stage)
    assert failures(run(whole)).keys() == {"other"}
    return stage, posted(whole)


def _copy(stage: Stage) -> Stage:
    copied = Stage()
    copied.store.take_over(stage.store)
    copied.s3.objects.update(stage.s3.objects)
    return copied


def _begin(stage: Stage) -> None:
    on_demand.run_live(stage.services, stage.context("run"), request(expect=KEPT))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_at_any_call_of_the_run_leaves_the_same(after: bool) -> None:
    at_rest, expected = _at_rest()
    counter = CrashAt(0, after=False)
    counted = _copy(at_rest)
    counted.store.hook = counted.s3.hook = counter
    counted.attempt(partial(_begin, counted))
    assert counter.calls > 30
    for call in range(1, counter.calls + 1):
        stage = _copy(at_rest)
        stage.store.hook = stage.s3.hook = CrashAt(call, after=after)
        stage.attempt(partial(_begin, stage))
        stage.store.hook = stage.s3.hook = None
        done = reports.read_run(stage.db, "run")
        if done.state == "running":  # the caller, whose request was cut off before it was queued, tries again
            done = run(stage)
        assert posted(stage) == expected, call
        told = failures(done)
        assert told.pop("other")[0] == "differs"
        assert told == {}


def test_every_message_of_the_run_may_come_twice() -> None:
    at_rest, expected = _at_rest()
    stage = _copy(at_rest)
    lose_an_answer(stage.db)
    _begin(stage)
    stage.queued = [message for message in stage.queued for _ in range(2)]
    for message in list(stage.queued):
        stage.deliver(message, seconds_left=10)
    stage.work_off()
    assert failures(reports.read_run(stage.db, "run")).keys() == {"other"}
    assert posted(stage) == expected


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_of_the_simulation_killed_at_any_call_leaves_the_same_result(after: bool) -> None:
    def ask(stage: Stage) -> None:
        simulations.request_simulation(stage.services, stage.context(KEPT), request())

    def result(stage: Stage) -> Any:
        plans = kept.KeptPlans(stage.services, KEPT)
        found = simulations.read_simulation(stage.services, stage.context(KEPT), KEPT)
        return found.summary, [plans.of(one) for one in ("poor", "rich", "none")]

    whole, counter = furnished(), CrashAt(0, after=False)
    work_off_despite_crash(whole, ask, 10.0, counter)
    expected = result(whole)
    assert counter.calls > 40
    for call in range(1, counter.calls + 1, 3):
        stage = furnished()
        try:
            work_off_despite_crash(stage, ask, 10.0, CrashAt(call, after=after))
        except Crashed:  # of the request: the caller sends it again
            work_off_despite_crash(stage, ask, 10.0)
        assert result(stage) == expected, call


def pages(page: Callable[[Any], tuple[list[Any], Any]]) -> list[list[Any]]:
    found: list[list[Any]] = []
    last = None
    while not found or last:
        some, last = page(last)
        found.append(some)
    return found


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_what_was_kept_is_listed_page_by_page(limit: int) -> None:
    """Each customer with the digest of its own simulation, each charge with what a run of that customer would do."""
    stage = peopled()
    stage.evaluate()  # so that something is left alone
    found, context = keep(stage, "charge_again"), stage.context("look")
    assert found.summary
    listed = pages(lambda after: simulations.kept_page(stage.services, context, KEPT, after, limit))
    everybody = [one for page in listed for one in page]
    assert [one.sums for one in everybody] == found.summary.by_customer
    lines = [one for page in pages(lambda after: simulations.lines_page(stage.services, context, KEPT, after, limit)) for one in page]
    assert {one.customer_id for one in lines} == {one.sums.id for one in everybody}
    for one in everybody:
        ask = request()._replace(customer_id=one.sums.id, if_charged="charge_again")
        alone = requests.simulate_request(stage.db, stage.context(KEPT), ask)
        assert isinstance(alone, Report)
        assert alone.digest == one.digest
        paged = pages(partial(_plan_page, stage, one.sums.id, limit))
        assert all(len(page) <= limit for page in paged)
        own = [charge for page in paged for charge in page]
        assert own == [line for line in lines if line.customer_id == one.sums.id]
        told = [(line.charge.assignment_id, line.charge.kind, line.charge.due_date, line.charge.retail) for line in own]
        assert sorted(told) == sorted(
            (each.line.assignment_id, each.line.kind, each.line.due_date, each.line.retail) for each in alone.outcomes
        )
    assert {one.charge.decision for one in lines} == {"repeat", "retry"}
    assert {one.charge.fits for one in lines} == {True, False}


def _plan_page(stage: Stage, customer_id: str, limit: int, after: Any) -> tuple[list[Any], Any]:
    return simulations.plan_page(stage.services, stage.context("look"), (KEPT, customer_id), after, limit)


def test_nothing_is_listed_before_it_is_finished_nor_of_what_is_no_simulation() -> None:
    stage = peopled()
    simulations.request_simulation(stage.services, stage.context(KEPT), request())
    for page in (simulations.kept_page, simulations.lines_page):
        with pytest.raises(Conflict, match="not finished"):
            page(stage.services, stage.context("look"), KEPT, None, 1)
        with pytest.raises(NotFound, match="there is no kept simulation none"):
            page(stage.services, stage.context("look"), "none", None, 1)
    work_off(stage)
    stage.today += timedelta(days=31)
    with pytest.raises(NotFound, match="has expired"):
        _plan_page(stage, "c0", 1, None)
