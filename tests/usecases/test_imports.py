"""Files that change what stands: rows with an id go by the rules of PATCH, and all rows are written or none."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from chalicelib import ids
from chalicelib.domain.account import Account
from chalicelib.domain.errors import InvalidRows, MayNotCharge, RowFault
from chalicelib.domain.package import Package
from chalicelib.storage import accounts, assignments, did_tenures, packages
from chalicelib.usecases import imports
from chalicelib.usecases.assignments import details
from chalicelib.usecases.imports import Made, RowOutcome
from chalicelib.usecases.runs import daily
from chalicelib.wire import import_rows
from chalicelib.wire.csv_out import assignments_csv
from chalicelib.wire.views import assignment_view
from tests.world.scheduler import Crashed
from tests.world.stage import TODAY, Stage

FIRST_ID = "01J00000000000000000000000"


def stage_to_change() -> Stage:
    """Two customers with an assignment each, one package that was assigned, one that was not."""
    stage = Stage(page_bytes=1_000_000)
    for customer in ("ann", "eve"):
        stage.customer(customer, limit="5")
    stage.package("line", retail=Decimal(10), frequency="daily")
    stage.package("spare", retail=Decimal(4), description="kept")
    stage.assign("ann-line", "ann", "line", did="4410")
    stage.assign("eve-line", "eve", "line", did="4420")
    return stage


def define(stage: Stage, text: str, *, dry_run: bool = False) -> list[RowOutcome[Package]]:
    rows, malformed = import_rows.requested_packages(text, partial(ids.following, FIRST_ID), "USD")
    return imports.define(stage.db, stage.context("file"), rows, malformed, dry_run=dry_run)


def write_customers(stage: Stage, text: str, *, dry_run: bool = False, may_charge: bool = True) -> list[RowOutcome[Account]]:
    rows, malformed = import_rows.requested_customers(text, "USD")
    context = stage.context("file")._replace(may_charge=may_charge)
    return imports.write_customers(stage.db, context, rows, malformed, dry_run=dry_run)


def assign(stage: Stage, text: str, *, dry_run: bool = False, may_charge: bool = True) -> list[Made]:
    file = import_rows.requested_assignments(text, partial(ids.following, FIRST_ID), imports.named_in(stage.db))
    return imports.assign(stage.db, stage.context("file")._replace(may_charge=may_charge), file, dry_run=dry_run)


def refused(stage: Stage, write: Callable[[], Any]) -> list[tuple[int, str]]:
    """The rows and columns that are named when a file is refused, which writes nothing."""
    before = stage.state()
    with pytest.raises(InvalidRows) as error:
        write()
    assert stage.state() == before
    assert all(fault.detail for fault in error.value.faults)
    return [(fault.row, fault.column) for fault in error.value.faults if isinstance(fault, RowFault)]


def test_rows_of_packages_with_an_id_change_what_they_name_and_leave_the_rest() -> None:
    stage = stage_to_change()
    text = "package_id,name,retail\r\nspare,,5\r\n,New,1\r\nline,,\r\n"
    before = stage.state()
    foreseen = define(stage, text, dry_run=True)
    assert stage.state() == before
    written = define(stage, text)
    assert [(one.row, one.change) for one in written] == [(2, "changed"), (3, "created"), (4, "unchanged")]
    assert [one.change for one in foreseen] == [one.change for one in written]
    spare, line = (packages.find_package(stage.db, name) for name in ("spare", "line"))
    assert spare is not None
    assert (spare.retail, spare.name, spare.description, spare.version) == (Decimal(5), "spare", "kept", 2)
    assert line is not None
    assert line.version == 1
    assert packages.find_package(stage.db, written[1].new.package_id) == written[1].new
    assert [one.change for one in define(stage, text)] == ["unchanged", "created", "unchanged"]


def test_a_price_of_an_assigned_package_changes_on_the_first_open_day() -> None:
    stage = stage_to_change()
    (written,) = define(stage, "package_id,retail\nline,12\n")
    assert written.new.retail == Decimal(12)
    found = packages.find_package(stage.db, "line")
    assert found is not None
    assert [(one.begins, one.retail) for one in found.price_lists] == [(TODAY, Decimal(12))]
    assert found.retail == Decimal(10)


def test_faults_of_rows_of_packages_are_told_by_row() -> None:
    stage = stage_to_change()
    text = "package_id,name,retail,frequency\nnone,,1,\nline,,,monthly\nspare,,-1,\n,,1,\nspare,,2,\n!,a,,\n"
    named = refused(stage, lambda: define(stage, text))
    assert named == [(2, ""), (3, ""), (4, "retail"), (5, "name"), (6, "package_id"), (7, "package_id")]


def test_customers_are_created_and_changed() -> None:
    stage = stage_to_change()
    text = "sep=;\r\ncustomer_id;name;debit_limit;balance;version\r\nann;Ann;;7;9\r\nnew;New;20;;\r\neve;eve;5;;\r\n"
    assert [one.change for one in write_customers(stage, text, dry_run=True)] == ["changed", "created", "changed"]
    assert accounts.find_account(stage.db, "new") is None
    assert [one.row for one in write_customers(stage, text)] == [2, 3, 4]
    found = accounts.find_accounts(stage.db, ["ann", "new", "eve"])
    assert {name: (one.name, one.debit_limit, one.version) for name, one in found.items()} == {
        "ann": ("Ann", Decimal(5), 2), "new": ("New", Decimal(20), 1), "eve": ("eve", Decimal(5), 2),
    }  # fmt: skip
    assert found["ann"].balance == 0
    assert [one.change for one in write_customers(stage, text)] == ["unchanged"] * 3


def test_tags_of_a_file_are_texts_however_they_look() -> None:
    stage = stage_to_change()
    write_customers(stage, "customer_id,email,external_id,tags,notes\nann,ann@ann.example,7,15; north,'=late\n")
    found = accounts.find_accounts(stage.db, ["ann"])["ann"]
    assert (found.email, found.external_id, found.tags, found.notes) == ("ann@ann.example", "7", ("15", "north"), "=late")


def test_faults_of_rows_of_customers_are_told_by_row() -> None:
    stage = stage_to_change()
    text = "customer_id,currency,debit_limit\nann,EUR,\n,USD,\na b,,\nnew,XXX,x\nann,,1\n"
    named = refused(stage, lambda: write_customers(stage, text))
    assert named == [(2, ""), (3, "customer_id"), (4, "customer_id"), (5, "currency"), (5, "debit_limit"), (6, "customer_id")]


def test_a_limit_is_raised_only_by_those_who_may_charge() -> None:
    stage = stage_to_change()
    with pytest.raises(MayNotCharge):
        write_customers(stage, "customer_id,debit_limit\nann,6\n", may_charge=False)
    write_customers(stage, "customer_id,debit_limit\nann,4\nnew,9\n", may_charge=False)


def test_a_package_is_named_exactly_and_uniquely() -> None:
    stage = stage_to_change()
    for package_id in ("twin-1", "twin-2"):
        stage.package(package_id)
    define(stage, "package_id,name\ntwin-1,Twin\ntwin-2,Twin\n")
    head = "customer_id,package,package_id,start_date\n"
    (made,) = assign(stage, f"{head}ann,line,,{TODAY}\n")
    assert made.detail.package.package_id == "line"
    text = f"{head}ann,Line,,{TODAY}\nann,Twin,,{TODAY}\nann,line,line,{TODAY}\nann,,,{TODAY}\n"
    assert refused(stage, lambda: assign(stage, text)) == [(2, "package"), (3, "package"), (4, "package"), (5, "package_id")]


def test_of_packages_of_one_name_the_one_in_the_customers_currency_is_meant() -> None:
    stage = stage_to_change()
    ids_of = {one.new.currency: one.new.package_id for one in define(stage, "name,currency\nTwin,USD\nTwin,EUR\nTwin,GBP\n")}
    write_customers(stage, "customer_id,currency\nuwe,EUR\nyen,JPY\n")
    head = "customer_id,package,start_date\n"
    made = assign(stage, f"{head}ann,Twin,{TODAY}\nuwe,Twin,{TODAY}\nann,line,{TODAY}\n")
    assert [one.detail.package.package_id for one in made] == [ids_of["USD"], ids_of["EUR"], "line"]
    text = f"{head}yen,Twin,{TODAY}\nnobody,Twin,{TODAY}\n{'x' * 3000},Twin,{TODAY}\n,Twin,{TODAY}\nuwe,Twin,{TODAY}\n"
    assert refused(stage, lambda: assign(stage, text)) == [(row, "package") for row in (2, 3, 4, 5)]


def test_rows_of_assignments_with_an_id_change_what_differs() -> None:
    stage = stage_to_change()
    head = "assignment_id,customer_id,package,did,quantity,start_date\n"
    text = f"{head}ann-line,ann,,,3,\n,ann,spare,+44 30,1,{TODAY}\neve-line,eve,line,4420,1,{TODAY}\n"
    before = stage.state()
    foreseen = assign(stage, text, dry_run=True)
    assert stage.state() == before
    made = assign(stage, text)
    assert [(one.row, one.change) for one in made] == [(2, "changed"), (3, "created"), (4, "unchanged")]
    assert [(one.row, one.change) for one in foreseen] == [(one.row, one.change) for one in made]
    assert made[0].detail.effective_from == TODAY
    ann, new, eve = (assignments.find_assignment(stage.db, *ids) for ids in (
        ("ann", "ann-line"), ("ann", made[1].detail.assignment.assignment_id), ("eve", "eve-line")))  # fmt: skip
    assert ann is not None
    assert [(one.begins, dict(one.values)) for one in ann.terms] == [(TODAY, {"quantity": 3})]
    assert new is not None
    assert new.did == "4430"
    assert eve is not None
    assert eve.version == 1
    assert [one.change for one in assign(stage, text)] == ["unchanged", "created", "unchanged"]
    assert accounts.find_accounts(stage.db, ["ann"])["ann"].assignments == 2


def test_an_export_of_assignments_comes_in_again_and_changes_nothing() -> None:
    stage = stage_to_change()
    listed = [one for name in ("ann", "eve") for one in assignments.list_of_customer(stage.db, name, None, 9)[0]]
    text = assignments_csv({"items": [assignment_view(one) for one in details(stage.db, listed, TODAY)]})
    before = stage.state()
    assert [one.change for one in assign(stage, text)] == ["unchanged", "unchanged"]
    assert stage.state() == before


def test_faults_of_changed_assignments_are_told_by_row() -> None:
    stage = stage_to_change()
    over, start = TODAY - timedelta(days=40), TODAY
    head = "assignment_id,customer_id,package_id,did,quantity,start_date,end_date\n"
    text = head + "\n".join([
        "none,ann,,,2,,", "ann-line,eve,,,2,,", "ann-line,ann,spare,,2,,", "ann-line,ann,,,0,,", "eve-line,,,,2,,",
        f"ann-line,ann,,,,,{over}", f",ann,line,,1,{start},{over}",
    ])  # fmt: skip
    assert refused(stage, lambda: assign(stage, text)) == [
        (2, ""), (3, ""), (4, "assignment_id"), (4, "package_id"), (5, "assignment_id"), (5, "quantity"), (6, "customer_id"),
        (7, "assignment_id"), (7, "end_date"), (8, "end_date"),
    ]  # fmt: skip


def test_a_did_whose_days_change_stands_in_one_row_only() -> None:
    stage = stage_to_change()
    head = "assignment_id,customer_id,package_id,did,start_date,end_date\n"
    ending = f"ann-line,ann,,,,{TODAY}\n"
    another = f",ann,spare,4410,{TODAY},\n"
    assert refused(stage, lambda: assign(stage, head + ending + another)) == [(3, "did")]
    assign(stage, head + ending)
    tenures = did_tenures.find_tenures(stage.db, "4410").all
    assert [(one.assignment_id, one.end_date) for one in tenures] == [("ann-line", TODAY)]


def test_backlog_of_a_change_is_confirmed_and_posted_once() -> None:
    """An earlier start makes days due: more than three of them only after somebody has confirmed that."""
    stage = stage_to_change()
    head, early = "assignment_id,customer_id,start_date,confirm_backlog\n", TODAY - timedelta(days=5)
    text = f"{head}ann-line,ann,{early},\n"
    assert refused(stage, lambda: assign(stage, text)) == [(2, "")]
    confirmed = f"{head}ann-line,ann,{early},true\n"
    assert len(assign(stage, confirmed, dry_run=True, may_charge=False)[0].backlog) == 5
    with pytest.raises(MayNotCharge):
        assign(stage, confirmed, may_charge=False)
    (made,) = assign(stage, confirmed)
    assert (len(made.backlog), made.detail.assignment.evaluate_from) == (5, TODAY)
    posted = len(stage.store.items("ledger"))
    assert posted == 5
    assert assign(stage, confirmed)[0].change == "unchanged"
    assert len(stage.store.items("ledger")) == posted


@pytest.mark.parametrize("quantity", [1, 2], ids=["unchanged", "changed"])
def test_a_row_that_makes_nothing_due_posts_nothing_that_waits_for_a_run(quantity: int) -> None:
    """Today is being evaluated, and the assignment's mark says that it may owe today: the run posts that, as it does after a PATCH."""
    stage = stage_to_change()
    daily.start_evaluation(stage.services, stage.context("evaluate"), TODAY, allow_future=False)
    assign(stage, f"assignment_id,customer_id,quantity\nann-line,ann,{quantity}\n", may_charge=False)
    assert stage.store.items("ledger") == []
    stage.work_off()
    assert len(stage.store.items("ledger")) == 2


@pytest.mark.parametrize("crash_at", range(1, 9))
def test_a_file_is_whole_whenever_its_worker_dies(crash_at: int) -> None:
    """New, changed and backdated rows in one file: after the request was sent again everything is there once."""
    stage = stage_to_change()
    text = (
        "assignment_id,customer_id,package_id,quantity,start_date,confirm_backlog\n"
        f",ann,line,2,{TODAY - timedelta(days=2)},\nann-line,ann,,3,,\neve-line,eve,,,{TODAY - timedelta(days=1)},\n"
    )
    calls = iter(range(1, 10_000))

    def dying(_request: Any, carry_out: Callable[[], Any]) -> Any:
        if next(calls) == crash_at:
            raise Crashed
        return carry_out()

    stage.store.hook = dying
    try:
        assign(stage, text)
    except Crashed:
        stage.store.hook = None
        assert len(stage.store.items("ledger")) in (0, 1, 2, 3)
        assign(stage, text)
    stage.store.hook = None
    found = [assignments.find_assignment(stage.db, *ids) for ids in (("ann", "ann-line"), ("eve", "eve-line"))]
    assert [one and one.version for one in found] == [2, 2]
    assert accounts.find_accounts(stage.db, ["ann"])["ann"].assignments == 2
    stage.evaluate()
    assert len(stage.store.items("ledger")) == 3 + 3


def test_many_faults_are_named_up_to_a_number_and_counted() -> None:
    stage = stage_to_change()
    with pytest.raises(InvalidRows) as error:
        define(stage, "name,retail\n" + "Line,x\n" * 1000)
    assert (len(error.value.faults), error.value.extra) == (200, {"errors_left_out": 800})
    assert error.value.detail.startswith("1000 rows are not right")
