"""A live run that is to post what was seen (rules 6): `expect` with the digest of a simulation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.deciding import IfCharged, RunRequest
from chalicelib.domain.errors import Conflict
from chalicelib.domain.record import RunRecord
from chalicelib.domain.report import Report
from chalicelib.jobs.errors import Refused
from chalicelib.storage import plans, runs
from chalicelib.usecases import assignments, customers, packages
from chalicelib.usecases.runs import limits, on_demand, reports
from tests.world.scheduler import Crashed
from tests.world.stage import TODAY, Stage, furnished
from tests.world.test_crashes import CrashAt

POOR = "poor"


def request(run_id: str = "run", expect: str | None = None, if_charged: IfCharged = "charge_again") -> RunRequest:
    return RunRequest(POOR, TODAY, if_charged, run_id, expect=expect)


def seen(stage: Stage, if_charged: IfCharged = "charge_again") -> Report:
    return on_demand.simulate_customer(stage.db, stage.context("look"), request("", None, if_charged))


def digest_of(report: Report) -> str:
    assert report.digest is not None
    return report.digest


def live(stage: Stage, expect: str | None, run_id: str = "run", if_charged: IfCharged = "charge_again") -> Report:
    """The report of a live run, once it is worked off."""
    on_demand.run_live(stage.services, stage.context("live"), request(run_id, expect, if_charged))
    stage.work_off()
    return reports.read_report(stage.db, reports.read_run(stage.db, run_id))


def refused(stage: Stage, expect: str, run_id: str = "run") -> Report:
    """The report that comes with the refusal."""
    with pytest.raises(Conflict) as error:
        on_demand.run_live(stage.services, stage.context("live"), request(run_id, expect))
    assert error.value.code == "differs"
    report = error.value.extra["report"]
    assert isinstance(report, Report)
    return report


def edit(stage: Stage, name: str, **fields: Any) -> None:
    assignments.change_assignment(stage.db, stage.context("edit"), (POOR, name), None, lambda one: one._replace(**fields), True)


def repackage(stage: Stage, **fields: Any) -> None:
    packages.change_package(stage.db, stage.context("edit"), "line", None, lambda one: one._replace(**fields))


def pay(stage: Stage, amount: str) -> None:
    customers.book_payment(stage.db, stage.context("pay"), POOR, Decimal(amount), "")


MEANWHILE: dict[str, tuple[Callable[[Stage], Any], bool]] = {
    "nothing": (lambda stage: None, False),
    "a higher price": (partial(repackage, retail=Decimal("3.01")), True),
    "a higher cost": (partial(repackage, cost=Decimal("1.01")), True),
    "another name of the package": (partial(repackage, name="Line 2"), False),
    "another quantity": (partial(edit, name="poor-line", quantity=2), True),
    "no debit any more": (partial(edit, name="poor-line", auto_decrement_credit=False), True),
    "a discount": (partial(edit, name="poor-line", discount=Decimal(1)), True),
    "another assignment": (lambda stage: stage.assign("new", POOR, "line"), True),
    "an assignment that begins later": (lambda stage: stage.assign("new", POOR, "line", starts=1), False),
    "the daily evaluation": (lambda stage: stage.evaluate("meanwhile"), True),
    "another customer's assignment": (lambda stage: stage.assign("new", "rich", "line"), False),
    "a payment by which held lines fit": (partial(pay, amount="50"), True),
    "a payment by which nothing more fits": (partial(pay, amount="0.50"), False),
}


@pytest.mark.parametrize(("meanwhile", "differs"), MEANWHILE.values(), ids=MEANWHILE)
def test_what_was_seen_is_posted_and_nothing_else(meanwhile: Callable[[Stage], Any], differs: bool) -> None:
    stage = furnished()
    before = seen(stage)
    meanwhile(stage)
    if not differs:
        done = live(stage, before.digest)
        assert [(one.line.identity, one.line.retail) for one in done.outcomes] == [
            (one.line.identity, one.line.retail) for one in before.outcomes
        ]
        assert done.digest == before.digest
        return
    state, queued = stage.state(), list(stage.queued)
    now = refused(stage, digest_of(before))
    assert (stage.state(), stage.queued) == (state, queued)  # nothing posted, no record left
    assert now == seen(stage)
    assert digest_of(now) != before.digest
    assert live(stage, now.digest).digest == now.digest


def test_a_run_that_expects_nothing_posts_what_is_due() -> None:
    stage = furnished()
    before = seen(stage)
    edit(stage, "poor-line", quantity=2)
    done = live(stage, None)
    assert done.digest == seen(furnished_with(quantity=2)).digest != before.digest


def furnished_with(**fields: Any) -> Stage:
    stage = furnished()
    edit(stage, "poor-line", **fields)
    return stage


def test_the_same_run_again_is_held_against_its_recorded_plan() -> None:
    stage = furnished()
    first = digest_of(seen(stage))
    done = live(stage, first)
    edit(stage, "poor-line", quantity=2)
    state = stage.state()
    assert live(stage, first) == done
    assert live(stage, None) == done
    now = refused(stage, digest_of(seen(stage)))
    assert (now, stage.state()) == (seen(stage), state)


def test_a_run_whose_answer_was_lost_is_completed_though_things_have_changed() -> None:
    """The first attempt recorded what was seen and died; its charges are those, whatever a look says now."""
    stage = furnished()
    first = seen(stage)
    recorded = next(number for number in range(1, 30) if _dies_after_recording(furnished(), digest_of(first), number))
    assert _dies_after_recording(stage, digest_of(first), recorded)
    edit(stage, "poor-line", quantity=7)
    done = live(stage, digest_of(first))
    assert [one.line.quantity for one in done.outcomes] == [one.line.quantity for one in first.outcomes]


def _dies_after_recording(stage: Stage, expect: str, call: int) -> bool:
    stage.store.hook = CrashAt(call, after=True)
    with pytest.raises(Crashed):
        on_demand.run_live(stage.services, stage.context("live"), request(expect=expect))
    stage.store.hook = None
    return runs.find_run(stage.db, "run") is not None


def test_a_refused_run_leaves_nothing_wherever_it_dies() -> None:
    stage = furnished()
    expect = digest_of(seen(stage))
    edit(stage, "poor-line", quantity=2)
    state = stage.state()
    never = CrashAt(0, after=False)
    stage.store.hook = never
    refused(stage, expect)
    for number in range(1, never.calls + 1):
        for after in (False, True):
            stage.store.hook = CrashAt(number, after=after)
            with pytest.raises(Crashed):
                on_demand.run_live(stage.services, stage.context("live"), request(expect=expect))
            stage.store.hook = None
            assert stage.state() == state


def test_of_two_requests_with_one_run_id_one_plan_stands_for_both() -> None:
    """Another request of the same id is recorded between the look and the record of this one."""
    stage = furnished()
    first = digest_of(seen(stage))
    made = runs.record_run

    def recorded(db: Any, run: RunRecord, *plan: Any) -> RunRecord:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(runs, "record_run", made)
            edit(stage, "poor-line", quantity=2)
            on_demand.run_live(stage.services, stage.context("other"), request())
        return made(db, run, *plan)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "record_run", recorded)
        refused(stage, first)
    plan = plans.find_plan(stage.db, "run", POOR)
    assert plan is not None
    assert {step.line.quantity for step in plan.steps if step.line.assignment_id == "poor-line"} == {2}


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A customer with more than one assignment is left to the queue."""
    for module in (limits, on_demand):
        monkeypatch.setattr(module, "SYNCHRONOUS_ASSIGNMENTS_MAX", 1)
    monkeypatch.setattr(on_demand, "SYNCHRONOUS_LINES_MAX", 1)


@pytest.mark.usefixtures("few_at_once")
def test_a_large_customer_is_held_against_what_was_seen_before_the_queue_has_it() -> None:
    stage = furnished()
    before = seen(stage)
    edit(stage, "poor-line", quantity=2)
    state = stage.state()
    now = refused(stage, digest_of(before))
    assert (stage.state(), stage.queued) == (state, [])
    on_demand.run_live(stage.services, stage.context("live"), request(expect=now.digest))
    edit(stage, "poor-line", quantity=3)
    stage.work_off()
    done = reports.read_report(stage.db, reports.read_run(stage.db, "run"))
    assert [one.line for one in done.outcomes] == [one.line for one in now.outcomes]


@pytest.mark.usefixtures("few_at_once")
def test_a_run_that_waits_in_the_queue_is_planned_for_whoever_expects_something_of_it() -> None:
    stage = furnished()
    on_demand.run_live(stage.services, stage.context("live"), request())
    assert plans.find_plan(stage.db, "run", POOR) is None
    first = seen(stage)
    edit(stage, "poor-line", quantity=2)
    refused(stage, digest_of(first))
    edit(stage, "poor-line", quantity=1)
    stage.work_off()
    done = reports.read_report(stage.db, reports.read_run(stage.db, "run"))
    assert {one.line.quantity for one in done.outcomes if one.line.assignment_id == "poor-line"} == {2}


def test_a_plan_of_a_release_without_digests_is_not_what_was_seen() -> None:
    stage = furnished()
    expect = digest_of(seen(stage))
    live(stage, None)
    plan = plans.find_plan(stage.db, "run", POOR)
    assert plan is not None
    stage.db.write(plans.create_plan(stage.db, "old", plan._replace(digest=None)))
    runs.record_run(stage.db, reports.read_run(stage.db, "run")._replace(run_id="old"))
    refused(stage, expect, "old")
    assert live(stage, None, "old").digest is None


def test_whoever_invokes_the_function_reads_the_report_of_the_refusal() -> None:
    stage = furnished()
    expect = digest_of(seen(stage))
    edit(stage, "poor-line", quantity=2)
    with pytest.raises(Conflict) as error:
        on_demand.run_live(stage.services, stage.context("live"), request(expect=expect))
    assert f'"digest": "{seen(stage).digest}"' in str(Refused(error.value))


@dataclass(frozen=True)
class Fact:
    """An assignment of the customer, as it is entered."""

    name: str
    quantity: int
    debit: bool
    starts: int

    def enter(self, stage: Stage) -> None:
        stage.assign(self.name, POOR, "line", -self.starts, quantity=self.quantity, auto_decrement_credit=self.debit)


facts = st.lists(
    st.builds(Fact, st.sampled_from([f"a{n}" for n in range(6)]), st.integers(1, 3), st.booleans(), st.integers(0, 1)),
    min_size=1, max_size=4, unique_by=lambda one: one.name,
)  # fmt: skip


def entered(order: list[Fact]) -> Stage:
    stage = Stage()
    stage.customer(POOR, limit="7")
    stage.package("line", cost=Decimal(1), retail=Decimal(3), setup_retail=Decimal(1), frequency="daily")
    for one in order:
        one.enter(stage)
    stage.today += timedelta(days=1)
    return stage


def told(report: Report) -> list[tuple[Any, ...]]:
    """What a report says of each line, as far as anything would be posted otherwise."""
    return [
        (one.line.identity, one.status, one.already_charged, one.line.quantity, one.line.cost, one.line.retail, one.line.debit)
        for one in report.outcomes
    ]


@settings(max_examples=60)
@given(facts, facts, st.permutations(range(4)))
def test_two_looks_have_one_digest_exactly_if_they_say_the_same(one: list[Fact], other: list[Fact], order: list[int]) -> None:
    """Whatever the order in which the facts were entered; the balance is that of an evaluation which posted them in its own order."""
    found, again = seen(entered(one)), seen(entered([one[n] for n in order if n < len(one)]))
    different = seen(entered(other))
    assert (found.digest == again.digest) == (told(found) == told(again))
    assert (found.digest == different.digest) == (told(found) == told(different))
