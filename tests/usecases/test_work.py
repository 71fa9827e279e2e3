"""Whose turn it is of long work: a few run at once, the others wait, and whoever makes room begins the next."""

import pytest

from chalicelib.domain.errors import Conflict
from chalicelib.domain.work import WORKS_AT_ONCE, WORKS_WAITING_MAX, WorkRecord
from chalicelib.storage import work as stored
from chalicelib.usecases import work
from chalicelib.wire.work_views import work_view
from tests.usecases.exporting import AT, ask, files, work_off
from tests.world.stage import Stage, furnished


def states(stage: Stage) -> dict[str, tuple[str, bool]]:
    found, _ = work.works_page(stage.db, None, None, 200)
    return {one.work_id: (one.state, one.started_at is not None) for one in found}


def cancel(stage: Stage, name: str) -> None:
    work.turns.cancel_work(stage.services, stage.context(f"cancel-{name}"), work.read_work(stage.db, name))


def test_five_run_at_once_and_the_others_in_their_order() -> None:
    stage = furnished()
    names = [f"export-{n}" for n in range(8)]
    for name in names:
        ask(stage, name)
    assert {name for name, (_, started) in states(stage).items() if started} == set(names[:WORKS_AT_ONCE])
    assert {message["work_id"] for message in stage.queued_work} == set(names[:WORKS_AT_ONCE])
    while stored.find_turns(stage.db).waiting:
        turns = stored.find_turns(stage.db)
        assert len(turns.running) == WORKS_AT_ONCE
        stage.carry_out_work(stage.queued_work.pop(0), stage.context_at(AT, f"w{len(stage.s3.objects)}"), lambda: 100.0)
    work_off(stage)
    assert set(states(stage).values()) == {("finished", True)}
    assert stored.find_turns(stage.db)[:3] == ((), (), ())
    assert len({tuple(files(stage, name)) for name in names}) == 1


def test_what_was_cancelled_makes_room_and_no_files() -> None:
    stage = furnished()
    names = [f"export-{n}" for n in range(WORKS_AT_ONCE + 2)]
    for name in names:
        ask(stage, name)
    cancel(stage, names[0])
    cancel(stage, names[-1])
    cancel(stage, names[-1])  # again, nothing happens
    work_off(stage)
    assert {name for name, (state, _) in states(stage).items() if state == "cancelled"} == {names[0], names[-1]}
    assert states(stage)[names[-1]] == ("cancelled", False)
    assert {state for name, (state, _) in states(stage).items() if name in names[1:-1]} == {"finished"}
    assert not [key for key in stage.s3.objects if key.startswith((names[0], names[-1]))]


def test_what_is_finished_cant_be_cancelled() -> None:
    stage = furnished()
    ask(stage)
    work_off(stage)
    with pytest.raises(Conflict) as refused:
        cancel(stage, "export")
    assert refused.value.code == "not_running"
    assert len(files(stage)) == 1


def test_cancelled_between_its_pieces_it_ends_without_files() -> None:
    stage = furnished()
    ask(stage)
    stage.carry_out_work(stage.queued_work.pop(0), stage.context("begin"), lambda: 100.0)
    stage.carry_out_work(stage.queued_work.pop(0), stage.context("piece"), lambda: 100.0)
    cancel(stage, "export")
    work_off(stage)
    assert states(stage) == {"export": ("cancelled", True)}
    assert stored.file_results(stage.db, "export") == []


def test_too_many_that_wait_are_refused() -> None:
    stage = furnished()
    for n in range(WORKS_AT_ONCE + WORKS_WAITING_MAX):
        ask(stage, f"export-{n}")
    with pytest.raises(Conflict) as refused:
        ask(stage, "one-more")
    assert refused.value.code == "too_much_work"
    assert "one-more" not in states(stage)


def test_the_same_request_again_makes_no_other_work() -> None:
    stage = furnished()
    assert ask(stage) == ask(stage)
    assert stored.find_turns(stage.db).running == ("export",)


def test_a_first_message_that_was_not_sent_is_sent_by_the_next_who_passes_by() -> None:
    stage = furnished()
    ask(stage, "lost")
    stage.queued_work.clear()
    ask(stage, "other")
    work_off(stage)
    assert set(states(stage).values()) == {("finished", True)}


def test_works_of_one_kind_are_found_among_many() -> None:
    stage = furnished()
    for n in range(3):
        ask(stage, f"export-{n}")
    work_off(stage)
    for n in range(30):
        audit = WorkRecord(f"audit-{n}", "audit", {"to": "2031-01-31"}, f"2031-03-01T00:00:{n:02}+00:00", "bob", 1)
        stage.db.transact(stored.record_work(audit))
    found, after = work.works_page(stage.db, "export", None, 10)
    assert ([one.work_id for one in found], after) == (["export-2", "export-1", "export-0"], None)
    found, after = work.works_page(stage.db, "export", None, 5)
    assert (found, after is None) == ([], False), "it has looked far enough"
    found, after = work.works_page(stage.db, "export", after, 5)
    assert len(found) == 3


CHANGE = '{"what": "%s", %s}'


@pytest.mark.parametrize(
    ("asked", "about"),
    [
        ({"what": "ledger", "format": "csv", "posted_from": "2031-01-01", "posted_to": "2031-01-31"}, "ledger, 2031-01-01 to 2031-01-31"),
        ({"what": "packages", "format": "csv", "today": "2031-01-31"}, "packages"),
        ({"to": "2031-01-31"}, "through 2031-01-31"),
        ({"from": "2031-01-01", "to": "2031-01-31", "customer": "acme"}, "2031-01-01 to 2031-01-31, acme"),
        ({"from": "2031-01-01", "to": "2031-01-31", "changes": '{"prices":[],"discounts":[]}'}, "2031-01-01 to 2031-01-31"),
        (
            {"from": "2031-01-01", "to": "2031-01-31", "changes": '{"prices":[{"package_id":"a"}],"discounts":[]}'},
            "2031-01-01 to 2031-01-31, with changes",
        ),
        ({"date": "2031-01-31", "size": "216"}, "2031-01-31"),
        ({"change": CHANGE % ("end", '"on": "2031-01-31", "where": {"customers": ["a", "b"]}')}, "end on 2031-01-31, 2 customers"),
        (
            {
                "change": CHANGE
                % ("price", '"from": "2031-02-01", "percent": "-5", "fields": ["retail", "cost"], "where": {"currency": "EUR"}')
            },
            "retail, cost -5 % from 2031-02-01, EUR",
        ),
        ({"change": CHANGE % ("replace", '"from": "2031-02-01", "where": {"dids": ["44"]}')}, "replace from 2031-02-01, 1 did"),
        ({"change": CHANGE % ("terms", '"from": "2031-02-01", "all": true')}, "terms from 2031-02-01"),
        ({}, None),
    ],
)
def test_a_work_says_what_it_is_about(asked: dict[str, str], about: str | None) -> None:
    assert work_view(WorkRecord("one", "export", asked, "2031-02-01T00:00:00+00:00", "bob", 1))["about"] == about
