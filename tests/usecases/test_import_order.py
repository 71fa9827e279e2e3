"""The credit of an import's customers goes to charges in their order, whatever the order of the rows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.assigning import RequestedAssignment
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.importing import FileOfAssignments
from chalicelib.domain.ledger import key_identity
from chalicelib.storage import ledger
from chalicelib.storage.ledger import Window
from chalicelib.usecases import imports
from tests.world.stage import Stage

LIMIT = 7
ORDER = {"setup": 0, "recurring": 1}


def imported(starts: list[int], debits: list[bool]) -> list[tuple[str, str, str, str]]:
    """What a file charged to a customer whose credit is 7: date, kind, assignment and status, in the order of charges."""
    stage = Stage(page_bytes=1_000_000)
    stage.customer("poor", limit=str(LIMIT))
    stage.customer("other", limit="1")
    stage.package("line", retail=Decimal(2), setup_retail=Decimal(1), frequency="daily")
    drafts = [
        Assignment("poor", f"a{7 - n}", "line", stage.today - timedelta(days=days), auto_decrement_credit=debit)
        for n, (days, debit) in enumerate(zip(starts, debits, strict=True))
    ]
    drafts.append(Assignment("other", "b", "line", stage.today - timedelta(days=1), auto_decrement_credit=True))
    rows = [RequestedAssignment(n, draft, None, confirm_backlog=True) for n, draft in enumerate(drafts, 2)]
    imports.assign(stage.db, stage.context("import"), FileOfAssignments(rows), dry_run=False)
    found, _ = ledger.find_statement(stage.db, "poor", Window(), None, 1000)
    told = [(one.date.isoformat(), one.kind, key_identity(one.key)[0].assignment_id, one.status) for one in found]
    assert [one.status for one in ledger.find_statement(stage.db, "other", Window(), None, 9)[0]] == ["posted", "held"]
    return sorted(told, key=lambda one: (one[0], ORDER[one[1]], one[2]))


@pytest.mark.parametrize("starts", [(1, 3), (3, 1)], ids=["C-later row first", "C-earlier row first"])
def test_c_an_imports_credit_goes_to_the_earliest_charges(starts: tuple[int, int]) -> None:
    """rules 4, Auto Decrement Credit: due date, setup first, assignment id. Of 7, the 27th takes 3, the 28th 2, the 29th the setup's 1."""
    told = imported(list(starts), [True, True])
    early, late = ("a7", "a6") if starts == (3, 1) else ("a6", "a7")
    assert [one for one in told if one[0] < "2024-02-29"] == [
        ("2024-02-27", "setup", early, "posted"),
        ("2024-02-27", "recurring", early, "posted"),
        ("2024-02-28", "recurring", early, "posted"),
    ]
    last = {(kind, name): status for day, kind, name, status in told if day == "2024-02-29"}
    assert last == {("setup", late): "posted", ("recurring", early): "held", ("recurring", late): "held"}


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=4))
def test_c_an_import_charges_as_one_list_of_charges_would(rows: list[tuple[int, bool]]) -> None:
    told = imported([days for days, _ in rows], [debit for _, debit in rows])
    debiting = {f"a{9 - n}": debit for n, (_, debit) in enumerate(rows, 2)}
    left = Decimal(LIMIT)
    for _, kind, name, status in told:
        price = (1 if kind == "setup" else 2) if debiting[name] else 0
        assert status == ("posted" if price <= left else "held")
        left -= price if status == "posted" else 0
