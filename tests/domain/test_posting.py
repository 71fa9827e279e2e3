"""How charges meet credit, and how they are cut into transactions (rules 4, Auto Decrement Credit; rules 5: once, whoever posts)."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain import posting
from chalicelib.domain.account import Credit
from chalicelib.domain.deciding import Decision, DecisionKind
from chalicelib.domain.ledger import charge_key
from chalicelib.domain.posting import TRANSACTION_ACTIONS_MAX, Debit
from chalicelib.domain.report import Status

from .build import STAMP, account, decision, entry, priced

TWENTY = Credit(Decimal(20), Decimal(0))

MOVES: list[tuple[str, DecisionKind, str, bool, Status, str | None]] = [
    ("a charge that fits is posted", "charge", "20", True, "posted", "posted"),
    ("a charge that would pass the limit is held", "charge", "21", True, "held", "held"),
    ("one that is not auto-decremented is posted whatever it costs", "charge", "21", False, "posted", "posted"),
    ("a repeat that fits is marked repeat", "repeat", "20", True, "repeat", "posted"),
    ("a repeat that would pass the limit is held", "repeat", "21", True, "held", "held"),
    ("a held charge that fits now is posted", "retry", "20", True, "posted", "posted"),
    ("a held charge that still doesn't fit stays held, nothing is written", "retry", "21", True, "held", None),
]


@pytest.mark.parametrize(
    ("kind", "retail", "debit", "status", "recorded"), [case[1:] for case in MOVES], ids=[f"rules 4: {case[0]}" for case in MOVES]
)
def test_moves(kind: DecisionKind, retail: str, debit: bool, status: Status, recorded: str | None) -> None:
    tried = decision(kind, retail=retail, debit=debit)
    [move] = posting.moves([tried], TWENTY, STAMP)
    assert (move.decision, move.status) == (tried, status)
    assert (move.entry.status if move.entry else None) == recorded


def test_an_entry_says_what_it_did_to_the_balance_and_who_made_it_when() -> None:
    """rules 6: every charge carries the run; rules 4: a held one debits nothing."""
    tried = [decision(retail="15", one="a"), decision("repeat", retail="15", one="b"), decision(retail="9", debit=False, one="c")]
    [posted, held, free] = [move.entry for move in posting.moves(tried, TWENTY, STAMP) if move.entry]
    assert [one.credit_change for one in (posted, held, free)] == [Decimal(-15), Decimal(0), Decimal(0)]
    assert (posted.posted_at, held.posted_at) == (STAMP.at.isoformat(), None)
    assert {one.recorded_at for one in (posted, held, free)} == {STAMP.at.isoformat()}
    assert {one.recorded_by for one in (posted, held, free)} == {"test"}
    assert {one.run_id for one in (posted, held, free)} == {"run-1"}
    assert [one.repeat for one in (posted, held, free)] == [False, True, False]
    assert [one.key for one in (posted, held, free)] == [one.key for one in tried]
    assert held.key.endswith("~run-1")


def test_a_held_repeat_keeps_its_key_when_a_later_run_posts_it() -> None:
    """rules 6: a repeat's identity is the charge's and the run that charged it again, whoever posts it."""
    line = priced()
    waiting = entry(line, status="held", repeat=True)._replace(key=f"{charge_key(line.identity)}~run-0")
    [move] = posting.moves([Decision(line, "retry", waiting.key, waiting)], TWENTY, STAMP)
    assert move.entry is not None
    assert (move.status, move.entry.status, move.entry.key) == ("repeat", "posted", waiting.key)
    assert move.status == posting.recorded_status(move.entry, STAMP.run_id), "as it is told by whoever finds it"


def test_each_is_tried_by_itself_in_order() -> None:
    """rules 4: one that doesn't fit is held, smaller ones after it are still tried."""
    tried = [decision(retail=retail, one=retail) for retail in ("15", "6", "5", "1")]
    assert [move.status for move in posting.moves(tried, TWENTY, STAMP)] == ["posted", "held", "posted", "held"]


def test_without_credit_nothing_is_tried() -> None:
    """rules 4: charges of packages that don't decrement are posted for invoicing."""
    made = posting.moves([decision(retail="1000000", debit=False)], None, STAMP)
    assert [move.status for move in made] == ["posted"]


DEBITS: list[tuple[str, list[Decision], Debit]] = [
    ("nothing", [], Debit(Decimal(0), 0, newly_held=0)),
    ("posted ones add up", [decision(retail="5"), decision("repeat", retail="6")], Debit(Decimal(11), 0, newly_held=0)),
    ("one held counts one, by the very balance read", [decision(retail="25"), decision(retail="6")], Debit(Decimal(6), 1, newly_held=1)),
    ("one released counts down", [decision("retry", retail="20")], Debit(Decimal(20), -1, newly_held=0)),
    ("one that stays held changes nothing", [decision("retry", retail="21")], Debit(Decimal(0), 0, newly_held=0)),
    ("one released, one held", [decision("retry", retail="20"), decision(retail="1")], Debit(Decimal(20), 0, newly_held=1)),
    ("what is not decremented debits nothing", [decision(retail="99", debit=False)], Debit(Decimal(0), 0, newly_held=0)),
]


@pytest.mark.parametrize(("tried", "expected"), [case[1:] for case in DEBITS], ids=[f"rules 4: {case[0]}" for case in DEBITS])
def test_debit_and_after(tried: list[Decision], expected: Debit) -> None:
    change = posting.total_debit(posting.moves(tried, TWENTY, STAMP))
    assert change == expected
    read = account(balance="20", held=3, name="N", debit_limit="0")
    assert posting.after_debit(read, change, None) == read._replace(
        balance=20 - expected.amount, held=3 + expected.held, held_ever=expected.newly_held
    )


@given(
    balance=st.integers(-30, 60), limit=st.none() | st.integers(0, 30),
    tried=st.lists(st.tuples(st.sampled_from(["charge", "repeat", "retry"]), st.integers(0, 30), st.booleans()), max_size=12),
)  # fmt: skip
def test_debits_never_take_the_balance_below_the_limit(
    balance: int, limit: int | None, tried: list[tuple[DecisionKind, int, bool]]
) -> None:
    decisions = [decision(kind, retail=f"{retail}", debit=debit, one=f"a{n}") for n, (kind, retail, debit) in enumerate(tried)]
    made = posting.moves(decisions, Credit(Decimal(balance), None if limit is None else Decimal(limit)), STAMP)
    change = posting.total_debit(made)
    assert change.amount == -sum((move.entry.credit_change for move in made if move.entry), Decimal(0))
    assert not change.amount or limit is None or balance - change.amount >= -limit
    held = sum(kind == "retry" for kind, _, _ in tried) + change.held
    assert held == sum(move.status == "held" for move in made)


RECORDED: list[tuple[str, dict[str, object], str | None, Status]] = [
    ("held, by whomever", {"status": "held"}, "run-1", "held"),
    ("held, by this run", {"status": "held", "run_id": "run-1"}, "run-1", "held"),
    ("written off: never tried again", {"status": "cancelled"}, "run-1", "written_off"),
    ("posted by another run", {}, "run-1", "already_charged"),
    ("posted by this run, whose answer was lost", {"run_id": "run-1"}, "run-1", "posted"),
    ("repeated by this run, whose answer was lost", {"run_id": "run-1", "repeat": True}, "run-1", "repeat"),
    ("posted as backlog, looked at by a run", {"run_id": None}, "run-1", "already_charged"),
    ("posted as backlog, looked at by backlog", {"run_id": None}, None, "already_charged"),
    ("posted by a run, looked at by backlog", {}, None, "already_charged"),
]


@pytest.mark.parametrize(
    ("recorded", "run_id", "expected"), [case[1:] for case in RECORDED], ids=[f"rules 6: {case[0]}" for case in RECORDED]
)
def test_recorded_status(recorded: dict[str, object], run_id: str | None, expected: Status) -> None:
    assert posting.recorded_status(entry(priced(), **recorded), run_id) == expected


# Transactions of at most 100 actions.


def charges(names: list[int]) -> list[Decision]:
    return [decision(one=f"a{name}", on=f"2024-01-{1 + n % 28:02}") for n, name in enumerate(names)]


def actions(batch: list[Decision], unmarked: set[str]) -> int:
    return len(batch) + len({one.line.assignment_id for one in batch} & unmarked)


@pytest.mark.parametrize(
    ("names", "unmarked", "room", "expected"),
    [
        (list(range(100)), set(), 100, [100]),
        (list(range(101)), set(), 100, [100, 1]),
        (list(range(100)), set(), 99, [99, 1]),
        (list(range(51)), set(range(51)), 100, [50, 1]),
        (list(range(50)), set(range(50)), 99, [49, 1]),
        ([7] * 100, {7}, 100, [99, 1]),
        ([7] * 199, {7}, 100, [99, 100]),
        ([1, 2, 3], {9}, 2, [2, 1]),
        ([], set(), 100, []),
    ],
    ids=[
        "100 charges make one transaction",
        "the 101st begins another",
        "an account's debit takes the place of one",
        "a first charge marks its assignment: two actions",
        "no transaction ends between a charge and its mark",
        "an assignment is marked once",
        "an assignment is not marked again in the next transaction",
        "marks of others cost nothing",
        "nothing to post, no transaction",
    ],
)
def test_batches(names: list[int], unmarked: set[int], room: int, expected: list[int]) -> None:
    cut = posting.batches(charges(names), {f"a{name}" for name in unmarked}, room)
    assert [len(batch) for batch in cut] == expected


@given(names=st.lists(st.integers(0, 40), max_size=260), unmarked=st.sets(st.integers(0, 40)), room=st.sampled_from([2, 3, 99, 100]))
@example(names=[n // 2 for n in range(82)] * 3, unmarked=set(range(41)), room=100)
def test_no_batch_exceeds_what_a_transaction_takes(names: list[int], unmarked: set[int], room: int) -> None:
    decisions, left = charges(names), {f"a{name}" for name in unmarked}
    cut = posting.batches(decisions, set(left), room)
    assert [one for batch in cut for one in batch] == decisions
    for n, batch in enumerate(cut):
        following = cut[n + 1] if n + 1 < len(cut) else []
        assert 0 < actions(batch, left) <= room <= TRANSACTION_ACTIONS_MAX
        assert not following or actions([*batch, following[0]], left) > room, "a batch was cut without need"
        left -= {one.line.assignment_id for one in batch}


def test_batches_leave_the_callers_marks_alone() -> None:
    unmarked = {"a1"}
    posting.batches(charges([1, 1]), unmarked, 100)
    assert unmarked == {"a1"}


def test_a_transaction_takes_100_actions() -> None:
    assert TRANSACTION_ACTIONS_MAX == 100
    assert Counter(len(batch) for batch in posting.batches(charges([1] * 250), set(), TRANSACTION_ACTIONS_MAX)) == {100: 2, 50: 1}
