"""What the newest overview says: sums, and customers in every order, page by page (rules: Forecast, Overview)."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import TermsEntry
from chalicelib.domain.errors import Invalid, Malformed, NotFound
from chalicelib.domain.finding import sought
from chalicelib.domain.forecast_of_all import CustomerForecast
from chalicelib.domain.overview import AnnouncedPrice, Ending, FoundOverview, MonthlyValue, OverviewCustomer, OverviewPackage
from chalicelib.domain.overview_kinds import OVERVIEW_SORTS, PACKAGE_SORTS, OverviewSort, PackageSort
from chalicelib.domain.package import Package, PriceList
from chalicelib.domain.report import Totals, merge
from chalicelib.domain.schedule import DAY
from chalicelib.storage import accounts, finding
from chalicelib.storage.keys import Key
from chalicelib.usecases import forecasts_of_all, overviews
from chalicelib.usecases.finding import CustomersSought, find_customers
from chalicelib.usecases.overviews import OverviewAsked, OverviewPackagesAsked
from chalicelib.usecases.overviews.rows import by_name, customer_of, json_of_row
from chalicelib.usecases.packages import create_package
from chalicelib.usecases.prices import write_price_list
from chalicelib.usecases.work import merging, pieces, read_work, results, turns
from tests.usecases.exporting import calls_that_may_crash, work_off, work_off_doubled
from tests.usecases.forecasting import made
from tests.world.stage import TODAY, Stage, furnished, made_once

NAMES = ("Zoë", "acme", "Ähren", "Óscar", "zoe", "Ягода", "", "Bell & Co")
NAME = f"overview:{TODAY}"


@made_once
def peopled() -> Stage:
    """More customers, with names, credit and debts, one who is parked, and one with another currency."""
    stage, parked = furnished(), Account("parked", "USD", "Parked")
    for n, name in enumerate(NAMES):
        limit, balance = Decimal(30 - 7 * n) if n < 4 else None, Decimal(7 * (n % 3) - 5)
        known = Account(f"c{n}", "USD", name, limit, balance, email=f"jo{n % 2}@x.example", tags=("north",) if n > 5 else ())
        stage.db.transact([accounts.create_account(known), *finding.rewritten((), finding.customer_items(known))])
        cost = Decimal(3) if n == 3 else None
        stage.assign(f"c{n}-line", f"c{n}", "line", starts=n % 3, auto_decrement_credit=True, quantity=1 + n % 4, cost=cost)
    ends = TODAY + timedelta(days=20)
    gift = TermsEntry(TODAY, TODAY + timedelta(days=4), {"discount": Decimal(10)})
    stage.assign("c1-soon", "c1", "mobile", end_date=ends, terms=(gift,))
    stage.assign("c0-soon", "c0", "mobile", end_date=ends)
    stage.assign("c2-late", "c2", "mobile", end_date=TODAY + timedelta(days=32))
    stage.db.write(accounts.create_account(Account("yen", "JPY", "Yen & Co")))
    stage.db.transact([accounts.create_account(parked), *finding.rewritten((), finding.parked_items(parked._replace(parked=True)))])
    stage.assign("parked-line", "parked", "line", quantity=50)
    stage.db.write(accounts.park(parked._replace(parked=True, version=2), TODAY))
    return stage


def ready(stage: Stage) -> Stage:
    """Evaluated, with its overview."""
    stage.services = stage.services._replace(overview=True)
    stage.evaluate()
    work_off(stage)
    return stage


def looked_at() -> Stage:
    return ready(peopled())


def read(stage: Stage) -> FoundOverview:
    return overviews.read_overview(stage.services, stage.context("look"))


def pages(stage: Stage, limit: int = 200, **asked: Any) -> list[list[OverviewCustomer]]:
    return _pages(lambda after: overviews.overview_page(stage.services, stage.context("look"), OverviewAsked(**asked), after, limit))


def ending(stage: Stage, limit: int = 200) -> list[list[Ending]]:
    return _pages(lambda after: overviews.ending_page(stage.services, stage.context("look"), after, limit))


def _pages(page: Callable[[Key | None], tuple[list[Any], Key | None]]) -> list[list[Any]]:
    some, last = page(None)
    found = [some]
    while last:
        some, last = page(last)
        found.append(some)
    return found


def customers(stage: Stage, **asked: Any) -> list[OverviewCustomer]:
    return [one for page in pages(stage, **{"currency": "USD", **asked}) for one in page]


def plain(name: str) -> str:
    """A name as the tests sort it: they know which letters it has."""
    return name.lower().translate(str.maketrans("ëäó", "eao"))


def sorted_by(sort: OverviewSort, found: Sequence[OverviewCustomer], *, descending: bool) -> list[OverviewCustomer]:
    """The same by plain sorting."""
    orders: dict[str, Callable[[OverviewCustomer], Any]] = {
        "name": lambda one: plain(one.name or one.customer_id), "balance": lambda one: one.balance,
        "value": lambda one: one.monthly.retail, "margin": lambda one: one.monthly.retail - one.monthly.cost,
        "short_on": lambda one: one.shortage and one.shortage.short_on,
    }  # fmt: skip
    first = [one for one in found if orders[sort](one) is not None]
    # amounts are stored from the largest on, and read from the end: equal ones then come from the last id on
    by_id = sorted(first, key=lambda one: one.customer_id, reverse=descending != (sort in ("balance", "value", "margin")))
    rest = sorted((one for one in found if one not in first), key=lambda one: one.customer_id, reverse=descending)
    return sorted(by_id, key=orders[sort], reverse=descending) + rest


@pytest.mark.parametrize("sort", OVERVIEW_SORTS)
@pytest.mark.parametrize("descending", [False, True], ids=["asc", "desc"])
def test_customers_come_in_every_order_whole_and_page_by_page(
    monkeypatch: pytest.MonkeyPatch, sort: OverviewSort, descending: bool
) -> None:
    monkeypatch.setattr(merging, "FILE_ROWS", 5)
    stage = ready(peopled())
    everybody = customers(stage)
    assert {one.customer_id for one in everybody} == {"rich", "poor", "parked", *(f"c{n}" for n in range(len(NAMES)))}
    expected = sorted_by(sort, everybody, descending=descending)
    assert customers(stage, sort=sort, descending=descending) == expected
    for limit, read_bytes in ((1, 20), (4, 300), (7, 10_000)):
        monkeypatch.setattr(results, "READ_BYTES", read_bytes)
        found = pages(stage, limit, sort=sort, descending=descending, currency="USD")
        assert all(0 < len(page) <= limit for page in found)
        assert [one for page in found for one in page] == expected
    assert len({str(sorted_by(other, everybody, descending=descending)) for other in OVERVIEW_SORTS}) == len(OVERVIEW_SORTS)


@pytest.mark.parametrize("sort", ["name", "balance", "short_on"])
@pytest.mark.parametrize(
    "narrowed",
    [
        {"search": "zo"}, {"search": "c"}, {"search": "jo1@x north"}, {"search": "jo0", "held": False}, {"held": True},
        {"held": False, "parked": False}, {"parked": True}, {"search": "nobody"},
    ],
    ids=str,
)  # fmt: skip
def test_a_list_is_narrowed_as_that_of_all_customers_is(
    monkeypatch: pytest.MonkeyPatch, sort: OverviewSort, narrowed: dict[str, Any]
) -> None:
    stage = ready(peopled())
    asked = narrowed | ({"search": sought(narrowed["search"])} if "search" in narrowed else {})
    now = _pages(lambda after: find_customers(stage.db, CustomersSought(**asked, currency="USD"), after, 200))
    meant = {one.customer_id for page in now for one in page}
    assert (len(meant) > 0) == (narrowed != {"search": "nobody"})
    monkeypatch.setattr(results, "PASSED_OVER_MAX", 3)
    for descending in (False, True):
        expected = [one for one in customers(stage, sort=sort, descending=descending) if one.customer_id in meant]
        for limit in (1, 3, 200):
            found = pages(stage, limit, sort=sort, descending=descending, currency="USD", **asked)
            assert all(len(page) <= limit for page in found)
            assert [one for page in found for one in page] == expected
            assert len(found) <= 2 + len(expected) // limit + 12 // 3  # no page looks at more than it may


def test_rows_of_the_release_before_are_found_by_name_and_id_and_say_that_they_lack_held_charges() -> None:
    one = OverviewCustomer("c1", "Müller", "USD", Decimal(1), MonthlyValue(), held=2, words=("muller", "north"))
    assert customer_of(json_of_row(one)) == one
    former = customer_of(json_of_row(one)[:-2])
    assert former == one._replace(held=None, words=("muller",))
    assert OverviewAsked(search=sought("mul"), parked=False).means(former)
    with pytest.raises(NotFound, match="made by the release before, which did not keep who has held charges; the next one does"):
        OverviewAsked(held=True).means(former)


def test_names_sort_as_people_sort_them() -> None:
    names = [one.name or one.customer_id for one in customers(looked_at())]
    assert names == ["acme", "Ähren", "Bell & Co", "c6", "Óscar", "Parked", "poor", "rich", "Zoë", "zoe", "Ягода"]
    assert by_name("a~b") < by_name("Ж")
    assert by_name("A" * 300) == "a" * 100


def test_each_customer_is_told_as_its_forecast_and_its_assignments_say() -> None:
    stage = looked_at()
    context = stage.context("by hand")
    request = read(stage).request
    made(stage, context, request.last)
    planned: dict[str, CustomerForecast] = {}
    for currency in ("USD", "JPY"):
        asked = forecasts_of_all.CustomersAsked(currency)
        rows, _ = forecasts_of_all.customers_page(stage.services, context, "by hand", asked, None, 200)
        planned |= {one.customer_id: one for one in rows}
    found = customers(stage)
    assert {one.customer_id for one in found if one.parked} == {"parked"}
    for one in found:
        known = planned.get(one.customer_id)
        if one.parked:
            assert (known, one.shortage) == (None, None)
        else:
            assert known is not None
            assert (one.name, one.balance, one.shortage) == (known.name, known.balance_before, known.shortage)
    assert sum(one.shortage is not None for one in found) >= 3
    of_a_day = {one.customer_id: one.monthly for one in found}
    # daily packages: 365 / 12 of them a month
    # c3 has 4 lines at 3.00 that cost as much, c1 two from tomorrow on and a minimum spend of 4.00 today
    assert (of_a_day["c3"].assignments, of_a_day["c3"].retail, of_a_day["c3"].margin) == (1, Decimal(365), 0)
    assert (of_a_day["c1"].assignments, of_a_day["c1"].retail) == (1, Decimal("109.5"))
    assert of_a_day["parked"].retail == Decimal("4562.5")


def test_sums_are_those_of_the_customers_listed() -> None:
    stage = looked_at()
    found = read(stage)
    assert list(found.sums) == ["JPY", "USD"]
    assert (found.run_date, found.request.first, found.request.last) == (TODAY, TODAY + DAY, TODAY + timedelta(days=31))
    for currency, sums in found.sums.items():
        own = customers(stage, currency=currency)
        assert (sums.customers, sums.parked) == (len(own), sum(one.parked for one in own))
        assert sums.short == sum(one.shortage is not None for one in own)
        assert sums.balance == sum(one.balance for one in own)
        assert sums.monthly.retail == sum(one.monthly.retail for one in own)
        assert sums.monthly.cost == sum(one.monthly.cost for one in own)
        assert sums.monthly.assignments == sum(one.monthly.assignments for one in own)
    assert (found.sums["USD"].ending, found.sums["JPY"].ending) == (3, 0)
    planned = forecasts_of_all.read_forecast(stage.services, stage.context("look"), NAME)
    of_all = Totals()
    for one in planned.currencies or ():
        assert found.sums[one.currency].planned == one.total.sums
        of_all = merge(of_all, one.total.sums)
    assert of_all.retail > 0


def test_what_ends_is_listed_by_its_last_day() -> None:
    stage = looked_at()
    expected = [
        (TODAY + timedelta(days=4), "c1-soon", "terms", ("discount",)),
        (TODAY + timedelta(days=20), "c0-soon", "assignment", ()),
        (TODAY + timedelta(days=20), "c1-soon", "assignment", ()),
    ]
    found = [one for page in ending(stage) for one in page]
    assert [(one.last_day, one.assignment_id, one.ends, one.fields) for one in found] == expected
    assert [one for page in ending(stage, 1) for one in page] == found
    assert {(one.name, one.package_id) for one in found} == {("Zoë", "mobile"), ("acme", "mobile")}


def test_price_lists_to_come_are_listed_once_however_many_have_the_package() -> None:
    stage = peopled()
    context, begins = stage.context("rise"), TODAY + timedelta(days=40)
    for package_id, list_of in (
        ("line", PriceList(begins, retail=Decimal("3.50"))), ("line", PriceList(begins - DAY, existing=False, cost=Decimal(2))),
        ("empty", PriceList(begins, retail=Decimal(9))),
    ):  # fmt: skip
        write_price_list(stage.db, context, package_id, None, list_of, correct=False)
    found = announced(ready(stage))
    assert [(one.begins, one.package_id, one.existing) for one in found] == [(begins - DAY, "line", False), (begins, "line", True)]
    first, second = found
    assert (first.before.cost, first.after.cost, first.after.retail) == (1, 2, 3)
    assert (second.before.retail, second.after.retail, second.before.cost) == (3, Decimal("3.50"), 2)
    assert announced(stage, 1) == found


def packages(stage: Stage, limit: int = 200, **asked: Any) -> list[OverviewPackage]:
    said = OverviewPackagesAsked(**{"currency": "USD", **asked})
    found = _pages(lambda after: overviews.packages_page(stage.services, stage.context("look"), said, after, limit))
    assert all(len(page) <= limit for page in found)
    return [one for page in found for one in page]


def test_packages_come_to_what_their_assignments_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """However the customers are cut into pieces and the records into calls; months are counted out by hand."""
    monkeypatch.setattr(merging, "RESORTED_GROUPS", 2)
    monkeypatch.setattr(pieces.PieceWork, "limits", pieces.PieceWork.limits._replace(customers=2, lines=3))
    stage = peopled()
    stage.package("dear", retail=Decimal(10), cost=Decimal(4), frequency="yearly")
    create_package(stage.db, stage.context("euro"), Package("", "Euro", "EUR"))
    for customer_id, quantity in (("c0", 1), ("c1", 2)):
        stage.assign(f"{customer_id}-dear", customer_id, "dear", quantity=quantity)
    stage.assign("c2-dear", "c2", "dear", quantity=7, starts=1)  # not today
    found = {one.package_id: one for one in packages(ready(stage))}
    dear, empty = found["dear"], found["empty"]
    assert (dear.monthly.assignments, dear.units, dear.monthly.retail, dear.monthly.cost) == (2, 3, Decimal("2.5"), 1)
    assert (empty.monthly, empty.units, empty.frequency) == (MonthlyValue(), 0, "none")
    sums, customers_sums = read(stage).packages, read(stage).sums
    assert ({*sums}, sums["EUR"].unassigned) == ({"EUR", "USD"}, 1)
    assert [one.name for one in packages(stage, currency="EUR")] == ["Euro"]
    of_usd = sums["USD"]
    assert (of_usd.packages, of_usd.unassigned) == (len(found), sum(not one.monthly.assignments for one in found.values()))
    assert of_usd.monthly.assignments == customers_sums["USD"].monthly.assignments
    assert of_usd.units == sum(one.units for one in found.values())
    assert of_usd.monthly.retail == sum(one.monthly.retail for one in found.values())
    assert abs(of_usd.monthly.retail - customers_sums["USD"].monthly.retail) < Decimal("0.0001")  # these are rounded for each customer


@pytest.mark.parametrize("sort", PACKAGE_SORTS)
@pytest.mark.parametrize("descending", [False, True], ids=["asc", "desc"])
def test_packages_come_in_every_order_and_narrowed(monkeypatch: pytest.MonkeyPatch, sort: PackageSort, descending: bool) -> None:
    stage = ready(peopled())
    orders: dict[str, Callable[[OverviewPackage], Any]] = {
        "name": lambda one: one.name.lower(), "assignments": lambda one: one.monthly.assignments, "units": lambda one: one.units,
        "value": lambda one: one.monthly.retail, "margin": lambda one: one.monthly.margin,
    }  # fmt: skip
    by_id = sorted(packages(stage), key=lambda one: one.package_id, reverse=descending != (sort != "name"))
    expected = sorted(by_id, key=orders[sort], reverse=descending)
    assert len(expected) > 3
    monkeypatch.setattr(results, "PASSED_OVER_MAX", 1)
    for limit in (1, 2, 200):
        assert packages(stage, limit, sort=sort, descending=descending) == expected
        for narrowed, meant in (
            ({"search": sought("min")}, {"minutes"}), ({"type": "free_minutes"}, {"minutes"}),
            ({"frequency": "none", "search": sought("emp")}, {"empty"}), ({"search": sought("nothing")}, set[str]()),
        ):  # fmt: skip
            found = packages(stage, limit, sort=sort, descending=descending, **narrowed)
            assert {one.package_id for one in found} == meant, narrowed


def test_an_overview_of_the_release_before_says_that_it_lists_no_packages() -> None:
    stage = looked_at()
    for item in stage.store.items("runs"):
        if item["pk"]["S"].endswith(NAME) and "asked" in item:
            asked = {name: value for name, value in item["asked"]["M"].items() if name != "packages"}
            stage.store.tables["runs"].write((item["pk"]["S"], item["sk"]["S"]), item | {"asked": {"M": asked}}, 0)
    with pytest.raises(NotFound, match="did not list packages; the next one does"):
        packages(stage)


def announced(stage: Stage, limit: int = 200) -> list[AnnouncedPrice]:
    found = _pages(lambda after: overviews.prices_page(stage.services, stage.context("look"), after, limit))
    return [one for page in found for one in page]


def everything(stage: Stage) -> Any:
    lists = [customers(stage, sort=sort) for sort in OVERVIEW_SORTS]
    of_packages = read(stage).packages, [packages(stage, sort=sort) for sort in PACKAGE_SORTS]
    return read(stage).sums, lists, customers(stage, currency="JPY"), ending(stage), announced(stage), of_packages


@made_once
def evaluated() -> Stage:
    stage = furnished()
    stage.evaluate()
    return stage


def begun(stage: Stage) -> None:
    overviews.begin_overview(stage.services, stage.context("begin"), f"daily:{TODAY}")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_killed_at_any_call_leaves_the_same_lists(monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    monkeypatch.setattr(pieces.PieceWork, "limits", pieces.PieceWork.limits._replace(customers=1, lines=4))
    monkeypatch.setattr(merging, "RESORTED_GROUPS", 1)
    assert calls_that_may_crash(evaluated, begun, everything, 100.0, after=after) > 40


def test_messages_that_come_twice_leave_the_same_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "RESORTED_GROUPS", 5)
    monkeypatch.setattr(pieces.PieceWork, "limits", pieces.PieceWork.limits._replace(customers=4, lines=8))
    stage = peopled()
    stage.services = stage.services._replace(overview=True)
    stage.evaluate()
    work_off_doubled(stage)
    assert everything(stage) == everything(looked_at())


def test_a_list_goes_on_in_the_overview_in_which_it_began() -> None:
    stage = looked_at()
    asked = OverviewAsked(currency="USD")
    first, last = overviews.overview_page(stage.services, stage.context("look"), asked, None, 3)
    whole = customers(stage)
    stage.services = stage.services._replace(overview=True)
    stage.next_day()
    stage.evaluate("next")
    work_off(stage)
    assert read(stage).run_date == stage.today
    rest, _ = overviews.overview_page(stage.services, stage.context("look"), asked, last, 200)
    assert [*first, *rest] == whole
    assert customers(stage) != whole


def test_the_newest_that_is_finished_counts() -> None:
    stage = looked_at()
    stage.services = stage.services._replace(overview=True)
    stage.next_day()
    stage.evaluate("next")
    assert read(stage).run_date == TODAY
    turns.cancel_work(stage.services, stage.context("cancel"), read_work(stage.db, f"overview:{stage.today}"))
    work_off(stage)
    assert read(stage).run_date == TODAY


@pytest.mark.parametrize("looked", [read, customers, ending, announced, packages])
def test_where_there_is_none_it_says_what_to_do(looked: Callable[[Stage], object]) -> None:
    stage = peopled()
    made(stage, stage.context("by hand"), TODAY)
    with pytest.raises(NotFound, match=r"there is no overview yet: it is made after each daily run.*POST /forecasts"):
        looked(stage)
    old = looked_at()
    old.today += timedelta(days=30)
    with pytest.raises(NotFound, match="there is no overview yet"):
        looked(old)


def test_the_currency_may_be_left_out_if_all_have_the_same() -> None:
    stage = looked_at()
    with pytest.raises(Invalid, match="/currency: is required: there are customers with JPY, USD"):
        pages(stage)
    assert pages(stage, currency="EUR") == [[]]
    alone = ready(furnished())
    assert [one.customer_id for page in pages(alone) for one in page] == ["poor", "rich"]
    assert pages(ready(Stage())) == [[]]


@pytest.mark.parametrize(
    "after",
    [
        {"file": "0", "start": "0"}, {"work": "by hand", "file": "0", "start": "0"}, {"work": "none", "file": "0", "start": "0"},
        {"work": NAME, "file": "9", "start": "0"}, {"work": NAME, "file": "0", "start": "7"}, {"work": NAME, "file": "0", "start": "x"},
        {"work": NAME, "file": "0", "start": "99999"}, {"work": NAME, "file": "-1", "start": "0"}, {"work": NAME, "start": "0"},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("descending", [False, True])
def test_a_place_that_no_page_gave_is_refused(after: Key, descending: bool) -> None:
    stage = looked_at()
    made(stage, stage.context("by hand"), TODAY + DAY)
    with pytest.raises(Malformed):
        overviews.overview_page(stage.services, stage.context("look"), OverviewAsked("name", descending, "USD"), after, 10)


def test_a_list_whose_overview_has_expired_says_so() -> None:
    stage = looked_at()
    stage.today += timedelta(days=30)
    with pytest.raises(NotFound, match="has expired: read the list from its beginning"):
        overviews.ending_page(stage.services, stage.context("look"), {"work": NAME, "file": "0", "start": "0"}, 10)
