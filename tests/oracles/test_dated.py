"""The oracle of dated terms against the worked examples of the rules, so that it can't be wrong in the way of the program."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .dated import (
    ONE_DAY,
    Assignment,
    Charge,
    Entry,
    Package,
    PriceList,
    Rule,
    Taken,
    Terms,
    active_quantity,
    bucket,
    each_day,
    lines,
    not_over,
    period,
    posted_sum,
    prices_on,
    put,
    rounded,
    rule_dates,
    rule_of,
    taken_back,
    terms_on,
)
from .draw import assignments, packages

NO_CALLS: dict[date, Fraction] = {}
AMOUNTS = ("retail", "cost", "discount", "setup_cost", "setup_retail")


def day(text: str) -> date:
    return date.fromisoformat(text)


def prices(**named: str) -> dict[str, Fraction]:
    return {name: Fraction(value) for name, value in named.items()}


def priced(begins: str | None = None, existing: bool = True, **named: str) -> PriceList:
    return PriceList(begins=day(begins) if begins else None, existing=existing, prices=prices(**named))


def package(retail: str = "10", frequency: str = "monthly", *match: int, later: tuple[PriceList, ...] = (), **fields: object) -> Package:
    first = {"cost": "0", "retail": retail, "setup_cost": "0", "setup_retail": "0"}
    first |= {name: str(fields.pop(name)) for name in first if name in fields}
    lists = (priced(None, True, **first), *later)
    return Package(frequency=frequency, match=match, lists=lists, **fields)  # type: ignore[arg-type]


def daily(retail: str, *match: int, **fields: object) -> Package:
    return package(retail, "monthly", *match, proration="daily", **fields)  # type: ignore[arg-type]


def values(named: dict[str, object]) -> dict[str, object]:
    return {name: Fraction(value) if name in AMOUNTS and isinstance(value, str) else value for name, value in named.items()}


def entry(begins: str, until: str | None = None, **named: object) -> Entry:
    return Entry(begins=day(begins), until=day(until) if until else None, values=values(named))


def assignment(start: str, *entries: Entry, end: str | None = None, counted_from: str | None = None, **first: object) -> Assignment:
    made: dict[str, object] = {name: values(first).pop(name) for name in ("setup_cost", "setup_retail") if name in first}
    terms = {name: value for name, value in values(first).items() if name not in made and name != "charge_from"}
    return Assignment(
        start=day(start), end=day(end) if end else None, counted_from=day(counted_from) if counted_from else None,
        charge_from=day(str(first["charge_from"])) if "charge_from" in first else None,
        first=Terms(**terms), entries=entries, **made,  # type: ignore[arg-type]
    )  # fmt: skip


def told(sold: Package, given_to: Assignment, first: str, last: str, spend: dict[date, Fraction] = NO_CALLS) -> str:
    """Month and day, kind where it isn't recurring, retail, and cost where there is one."""
    found = lines(sold, given_to, day(first), day(last), spend)
    return "; ".join(
        " ".join(
            [f"{one.day:%m-%d}"] + [one.kind] * (one.kind != "recurring") + [text(one.retail)] + [f"cost {text(one.cost)}"] * bool(one.cost)
        )
        for one in found
    )


def text(amount: Fraction) -> str:
    return f"{float(amount):.6f}".rstrip("0").rstrip(".")


LATER = (priced("2018-05-01", retail="59.95"), priced("2018-08-01", retail="69.95"))
BOTH = (priced("2031-03-02", False, retail="12"), priced("2031-03-20", cost="5"))
SECTION_2 = [
    (
        "prices rise twice", package("49.95", "monthly", 1, later=LATER), assignment("2018-01-01"), "2018-01-01", "2018-09-30",
        "01-01 49.95; 02-01 49.95; 03-01 49.95; 04-01 49.95; 05-01 59.95; 06-01 59.95; 07-01 59.95; 08-01 69.95; 09-01 69.95",
    ),
    (
        "the latest list that has begun",
        package("100", "monthly", 1, later=(priced("2026-07-15", retail="50"), priced("2026-07-18", retail="150"))),
        assignment("2026-07-02"), "2026-07-01", "2026-09-30", "08-01 150; 09-01 150",
    ),
    (
        "a day that was missed costs what it cost", package("10", "monthly", 1, later=(priced("2031-03-02", retail="12"),)),
        assignment("2031-03-01"), "2031-03-01", "2031-03-02", "03-01 10",
    ),
    (
        "who started before keeps the retail, and gets the cost", package("10", "monthly", 1, later=BOTH),
        assignment("2031-01-01"), "2031-04-01", "2031-04-30", "04-01 10 cost 5",
    ),
    (
        "who starts later has the new retail", package("10", "monthly", 1, later=BOTH), assignment("2031-03-05"),
        "2031-04-01", "2031-04-30", "04-01 12 cost 5",
    ),
]  # fmt: skip

SECTION_3 = [
    (
        "a discount for the first two due dates", package("49.00", "monthly", 1),
        assignment("2031-01-01", entry("2031-01-01", "2031-02-28", discount="20")), "2031-01-01", "2031-03-31",
        "01-01 39.2; 02-01 39.2; 03-01 49",
    ),
    (
        "a third off four", package("12.50", "monthly", 1), assignment("2031-01-01", quantity=4, discount="33.3333"),
        "2031-01-01", "2031-01-31", "01-01 33.33335",
    ),
    (
        "a price of one's own for three months", package("12.50", "monthly", 1),
        assignment("2031-03-01", entry("2031-04-01", "2031-06-30", retail="9.99")), "2031-03-01", "2031-07-31",
        "03-01 12.5; 04-01 9.99; 05-01 9.99; 06-01 9.99; 07-01 12.5",
    ),
    (
        "another quantity from the day after the due date", package("1", "monthly", 1),
        assignment("2031-04-01", entry("2031-04-02", quantity=5)), "2031-04-01", "2031-05-31", "04-01 1; 05-01 5",
    ),
    (
        "the first weeks are free, the setup is not", package("12.50", "monthly", 15, setup_retail="10", cost="4"),
        assignment("2031-02-10", entry("2031-02-10", "2031-03-14", discount="100")), "2031-02-10", "2031-03-31",
        "02-10 setup 10; 02-15 0 cost 4; 03-15 12.5 cost 4",
    ),
    (
        "a due date in a pause is skipped and not caught up", package("10", "weekly", 0),
        assignment("2031-03-03", entry("2031-03-05", "2031-03-15", paused=True)), "2031-03-03", "2031-03-31",
        "03-03 10; 03-17 10; 03-24 10; 03-31 10",
    ),
]  # fmt: skip

SECTION_5 = [
    (
        "a start in the middle", daily("249.95", 15), assignment("2012-05-03"), "2012-05-01", "2012-05-31",
        "05-03 proration 99.98; 05-15 249.95",
    ),
    (
        "a pause over a due date", daily("249.95", 2), assignment("2012-03-02", entry("2012-03-04", "2012-04-04", paused=True)),
        "2012-03-01", "2012-04-30", "03-02 249.95; 03-04 proration -233.824194; 04-05 proration 224.955",
    ),
    ("the period began before", daily("249.95", 14), assignment("2014-02-01"), "2014-02-01", "2014-02-13", "02-01 proration 104.817742"),
    (
        "an end in a quarter", daily("910.00", 15, every=3), assignment("2031-04-15", end="2031-06-20"), "2031-04-01", "2031-12-31",
        "04-15 910; 06-21 proration -240",
    ),
    (
        "a start before a quarter", daily("910.00", 15, every=3), assignment("2031-04-01"), "2031-04-01", "2031-06-30",
        "04-01 proration 141.555556; 04-15 910",
    ),
    (
        "an end in a month", daily("58.78", 16), assignment("2031-03-16", end="2031-03-28"), "2031-03-01", "2031-05-31",
        "03-16 58.78; 03-29 proration -34.130323",
    ),
    (
        "more from the middle on", daily("10", 1), assignment("2031-03-01", entry("2031-03-15", quantity=10), quantity=5),
        "2031-03-02", "2031-03-31", "03-15 proration 27.419355",
    ),
    (
        "between two match days", daily("12.50", 15, 31), assignment("2031-02-20"), "2031-02-20", "2031-02-28",
        "02-20 proration 7.692308; 02-28 12.5",
    ),
    (
        "less, then more",
        daily("10.00", 1), assignment("2031-03-01", entry("2031-03-11", quantity=5), entry("2031-03-21", quantity=15), quantity=10),
        "2031-03-02", "2031-03-31", "03-11 proration -33.870968; 03-21 proration 35.483871",
    ),
    (
        "a minimum for two days of a month, with calls", package("1000000", "monthly", 1, minimum_spend=True),
        assignment("2024-02-28"), "2024-02-28", "2024-03-31", "03-01 minimum_spend 65965.517241",
    ),
    (
        "a minimum with a pause", package("50", "monthly", 1, minimum_spend=True),
        assignment("2031-01-01", entry("2031-03-20", "2031-04-10", paused=True)), "2031-03-02", "2031-04-30",
        "04-01 minimum_spend 30.645161",
    ),
    (
        "a minimum that is handed over", package("50", "monthly", 1, minimum_spend=True), assignment("2031-01-01", end="2031-03-19"),
        "2031-03-02", "2031-04-30", "03-20 minimum_spend 30.645161",
    ),
    (
        "a minimum that is taken over", package("50", "monthly", 1, minimum_spend=True),
        assignment("2031-03-20", counted_from="2031-01-01"), "2031-03-20", "2031-04-30", "04-01 minimum_spend 19.354839",
    ),
]  # fmt: skip

BY_THE_WORDS = [
    (
        "whole days are charged elsewhere up to charge_from, the minimum included", package("31", "monthly", 1, minimum_spend=True),
        assignment("2031-02-10", charge_from="2031-03-11"), "2031-02-01", "2031-04-30", "04-01 minimum_spend 21",
    ),
    (
        "a period that began before charge_from makes no line", daily("30", 1),
        assignment("2031-03-05", entry("2031-03-20", quantity=2), charge_from="2031-03-10"), "2031-03-01", "2031-04-30", "04-01 60",
    ),
    (
        "charge_from on the start date changes nothing", daily("31", 1), assignment("2031-03-02", charge_from="2031-03-02"),
        "2031-03-01", "2031-03-31", "03-02 proration 30",
    ),
    (
        "a discount that begins in the middle counts from the next due date", daily("31", 1),
        assignment("2031-03-02", entry("2031-03-10", discount="50", quantity=2)), "2031-03-01", "2031-04-30",
        "03-02 proration 30; 03-10 proration 22; 04-01 31",
    ),
    (
        "after a pause over the due date the terms of the first active day", daily("30", 1),
        assignment("2031-03-01", entry("2031-03-31", "2031-04-10", paused=True), entry("2031-04-11", discount="10")),
        "2031-04-01", "2031-04-30", "04-11 proration 18",
    ),
    (
        "a discount lowers the minimum and not the cost", package("50", "monthly", 1, minimum_spend=True, cost="7"),
        assignment("2031-03-01", discount="20"), "2031-03-02", "2031-04-01", "04-01 minimum_spend 40 cost 7",
    ),
    ("weekly every 4", package("1", "weekly", every=4), assignment("2031-01-01"), "2031-01-01", "2031-02-28", "01-01 1; 01-29 1; 02-26 1"),
    (
        "mon and thu of every other week", package("1", "weekly", 0, 3, every=2), assignment("2031-01-01"), "2031-01-01", "2031-01-31",
        "01-02 1; 01-13 1; 01-16 1; 01-27 1; 01-30 1",
    ),
    (
        "the last of every other month", package("1", "monthly", 31, every=2), assignment("2031-01-10"), "2031-01-01", "2031-05-31",
        "01-31 1; 03-31 1; 05-31 1",
    ),
    (
        "counted from February", package("1", "monthly", 31, every=2), assignment("2031-02-10"), "2031-02-01", "2031-04-30",
        "02-28 1; 04-30 1",
    ),
    ("every tenth day", package("1", "daily", every=10), assignment("2031-02-20"), "2031-02-20", "2031-03-20", "02-20 1; 03-02 1; 03-12 1"),
    (
        "a setup costs what it costs on its date",
        package("1", "none", setup_retail="10", later=(priced("2031-02-09", setup_retail="12"), priced("2031-02-11", setup_retail="15"))),
        assignment("2031-02-10"), "2031-02-10", "2031-02-28", "02-10 setup 12; 02-10 1",
    ),
    (
        "a pause over a whole period makes no line on its first day", daily("31", 1),
        assignment("2031-03-01", entry("2031-04-01", "2031-05-10", paused=True)), "2031-03-02", "2031-05-31", "05-11 proration 21",
    ),
    (
        "a setup that is waived", package("1", "none", setup_retail="9"), assignment("2031-02-20", setup_retail="0"),
        "2031-02-20", "2031-02-20", "02-20 1",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sold", "given_to", "first", "last", "expected"),
    [case[1:] for section in (SECTION_2, SECTION_3, SECTION_5, BY_THE_WORDS) for case in section],
    ids=[case[0] for section in (SECTION_2, SECTION_3, SECTION_5, BY_THE_WORDS) for case in section],
)
def test_lines(sold: Package, given_to: Assignment, first: str, last: str, expected: str) -> None:
    spend = {day("2024-02-29"): Fraction(3000), day("2024-03-01"): Fraction(77)}
    assert told(sold, given_to, first, last, spend) == expected


def test_a_second_entry_of_a_day_amends_the_first() -> None:
    entries = put((entry("2031-03-05", "2031-03-15", paused=True, discount="5"),), entry("2031-03-05", "2031-03-20", paused=True))
    paused = [each for each in each_day(day("2031-03-01"), day("2031-03-31")) if terms_on(assignment("2031-01-01", *entries), each).paused]
    assert (paused[0], paused[-1]) == (day("2031-03-05"), day("2031-03-20"))
    assert terms_on(assignment("2031-01-01", *entries), day("2031-03-20")).discount == 5


@pytest.mark.parametrize(("on", "quantity", "discount"), [("06-20", 5, 10), ("07-01", 3, 10), ("08-01", 3, 0), ("05-31", 1, 10)])
def test_each_field_has_its_latest_entry(on: str, quantity: int, discount: int) -> None:
    entries = (
        entry("2031-06-01", quantity=3), entry("2031-05-01", "2031-07-31", discount="10"), entry("2031-06-15", "2031-06-30", quantity=5),
    )  # fmt: skip
    terms = terms_on(assignment("2031-01-01", *entries), day(f"2031-{on}"))
    assert (terms.quantity, terms.discount) == (quantity, discount)


def test_null_is_a_value() -> None:
    """An entry that names no own price of its own takes the one before it away, while it lasts."""
    one = assignment("2031-01-01", entry("2031-02-01", retail="8"), entry("2031-03-01", "2031-03-31", retail=None))
    assert [terms_on(one, day(f"2031-0{month}-01")).retail for month in (1, 2, 3, 4)] == [None, 8, None, 8]


def test_entries_before_the_start_count_from_it_on() -> None:
    one = assignment("2031-03-10", entry("2031-02-01", quantity=2), entry("2031-03-01", quantity=3))
    assert [active_quantity(one, day(f"2031-03-{number:02}")) for number in (9, 10, 11)] == [0, 3, 3]


# Negative lines

MARCH = (day("2031-03-01"), day("2031-04-01"))


def charge(on: str, retail: str, **fields: object) -> Charge:
    return Charge(name=on, kind=str(fields.pop("kind", "recurring")), day=day(on), retail=Fraction(retail), cost=Fraction(0), **fields)  # type: ignore[arg-type]


def taken(charges: list[Charge], end: str, sold: str = "50", quantity: int = 1) -> list[Taken]:
    negative = lines(daily(sold, 1), assignment("2031-03-01", end=end, quantity=quantity), day("2031-03-02"), day("2031-04-30"), NO_CALLS)
    return taken_back(negative[0], *MARCH, charges)


NEGATIVE = [
    ("what is posted and debited", [charge("2031-03-01", "50")], "33.870968", "33.870968"),
    ("what is to be invoiced moves no balance", [charge("2031-03-01", "50", debited=False)], "33.870968", "0"),
    ("what is held moves no balance", [charge("2031-03-01", "50", held=True)], "33.870968", "0"),
    ("what was reversed has nothing left", [charge("2031-03-01", "50", credited_retail=Fraction(50))], "0", "0"),
    ("of what was credited in part, the part", [charge("2031-03-01", "50", credited_retail=Fraction(20))], "20.322581", "20.322581"),
    ("a charge of another period is not touched", [charge("2031-02-01", "50")], "0", "0"),
    ("a setup is not touched", [charge("2031-03-01", "50", kind="setup")], "0", "0"),
    ("nor is a charge that negative lines took everything from", [charge("2031-03-10", "0", kind="proration")], "0", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("charges", "retail", "balance"), [case[1:] for case in NEGATIVE], ids=[case[0] for case in NEGATIVE])
def test_a_negative_line_takes_back(charges: list[Charge], retail: str, balance: str) -> None:
    found = taken(charges, "2031-03-10")
    assert (sum(one.retail for one in found), sum(one.balance for one in found)) == (Fraction(retail), Fraction(balance))


def test_a_held_charge_posts_with_its_negative_line() -> None:
    held = charge("2031-03-01", "50", held=True)
    assert posted_sum(held, taken([held], "2031-03-10")) == Fraction("16.129032")


def test_the_newest_charge_is_taken_back_first() -> None:
    """10.00 x 10 in March, 5 more from 03-21: the end on 03-25 takes of the later charge what its days come to, then of the earlier one."""
    charges = [charge("2031-03-01", "100"), charge("2031-03-21", "17.741935", kind="proration")]
    found = taken(charges, "2031-03-25", "10", 15)
    assert [(one.charge.name, text(one.retail)) for one in found] == [("2031-03-21", "9.677419"), ("2031-03-01", "19.354839")]


def test_of_a_repeat_and_its_charge_the_repeat_goes_first() -> None:
    charges = [charge("2031-03-01", "50"), charge("2031-03-01", "50", credited_retail=Fraction(30))]
    assert [text(one.retail) for one in taken(charges, "2031-03-10")] == ["13.548387", "20.322581"]


def test_retail_and_cost_are_taken_each_for_itself() -> None:
    sold = daily("50", 1, cost="31")
    [negative] = lines(sold, assignment("2031-03-01", end="2031-03-10"), day("2031-03-02"), day("2031-04-30"), NO_CALLS)
    stands = Charge(name="a", kind="recurring", day=day("2031-03-01"), retail=Fraction(50), cost=Fraction(31), credited_retail=Fraction(50))
    assert [(one.retail, one.cost) for one in taken_back(negative, *MARCH, [stands])] == [(0, 21)]


def test_negative_lines_are_tried_first() -> None:
    negative, setup = (
        lines(daily("31", 1, setup_retail="1"), one, *MARCH, NO_CALLS)[-1]
        for one in (assignment("2031-03-01", end="2031-03-10"), assignment("2031-03-11"))
    )
    assert min([setup, negative], key=lambda one: one.order) is negative


@pytest.mark.parametrize(("kind", "expected"), [("proration", True), ("minimum_spend", True), ("recurring", False), ("setup", False)])
def test_what_is_not_over(kind: str, expected: bool) -> None:
    today = day("2031-03-01")
    assert (not_over(kind, today + ONE_DAY, today), not_over(kind, today, today)) == (expected, False)


# Free minutes

PAUSE = entry("2031-03-11", "2031-03-20", paused=True)
OVER = entry("2031-03-20", "2031-04-05", paused=True)
MINUTES = [
    ("whole on a rule date", "daily", assignment("2031-03-01", free_minutes=10), "2031-03-09", "03-01 600 04-01 recurring"),
    ("in part from the middle on", "daily", assignment("2031-03-11", free_minutes=10), "2031-03-31", "03-11 406 04-01 proration"),
    ("whole from the middle on", "none", assignment("2031-03-11", free_minutes=10), "2031-03-31", "03-11 600 04-01 None"),
    (
        "until the day after the end", "none", assignment("2031-03-01", end="2031-03-30", free_minutes=1), "2031-03-05",
        "03-01 60 03-31 recurring",
    ),
    ("a pause begins a bucket", "daily", assignment("2031-03-01", PAUSE, free_minutes=10), "2031-03-25", "03-21 212 04-01 proration"),
    ("before the pause", "daily", assignment("2031-03-01", PAUSE, free_minutes=10), "2031-03-05", "03-01 600 04-01 recurring"),
    ("a pause begins no bucket", "none", assignment("2031-03-01", PAUSE, free_minutes=10), "2031-03-25", "03-01 600 04-01 recurring"),
    ("nothing on paused days", "daily", assignment("2031-03-01", PAUSE, free_minutes=10), "2031-03-15", "None"),
    ("a skipped due date fills nothing", "none", assignment("2031-03-01", OVER, free_minutes=10), "2031-04-10", "None"),
    ("after it a part", "daily", assignment("2031-03-01", OVER, free_minutes=10), "2031-04-10", "04-06 500 05-01 proration"),
    (
        "by the day", "none", assignment("2031-03-01", entry("2031-03-10", free_minutes=2), free_minutes=1), "2031-03-10",
        "03-01 120 04-01 recurring",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("proration", "given_to", "on", "expected"), [case[1:] for case in MINUTES], ids=[case[0] for case in MINUTES])
def test_minutes(proration: str, given_to: Assignment, on: str, expected: str) -> None:
    found = bucket(package("10", "monthly", 1, proration=proration), given_to, day(on))
    assert ((found and f"{found.begins:%m-%d} {found.seconds} {found.expires:%m-%d} {found.own_charge}") or "None") == expected


# Properties


@given(packages(proration="daily", minimum_spend=False, later_lists=0), assignments(charge_from=False, prices=False))
@settings(max_examples=200)
def test_the_prorated_lines_of_a_period_come_to_its_active_days(sold: Package, given_to: Assignment) -> None:
    """At one price: unit x (sum of the active quantities of its days) / W, to within 0.000001 a change; no line twice."""
    since, until = period(rule_of(sold, given_to), given_to.start)
    for _ in range(3):
        found = [one for one in lines(sold, given_to, since, until - ONE_DAY, NO_CALLS) if one.kind != "setup"]
        active = [active_quantity(given_to, each) for each in each_day(since, until - ONE_DAY)]
        changes = 1 + sum(one != other for one, other in pairwise(active))
        for name in ("retail", "cost"):
            left = (100 - given_to.first.discount) / 100 if name == "retail" else 1
            whole = prices_on(sold, since, given_to.start)[name] * left * sum(active) / len(active)
            assert abs(sum(getattr(one, name) for one in found) - whole) <= Fraction(changes, 1_000_000)
        assert len({(one.kind, one.day) for one in found}) == len(found) <= changes
        since, until = until, period(rule_of(sold, given_to), until)[1]


@given(
    packages(proration="daily", minimum_spend=False, later_lists=0),
    assignments(charge_from=False, prices=False),
    st.dictionaries(st.integers(0, 5), st.integers(1, 100), max_size=3),
)
@settings(max_examples=200)
def test_what_negative_lines_take_back(sold: Package, given_to: Assignment, credits_given: dict[int, int]) -> None:
    """All that they come to, where nothing was credited; and never more than is left of a charge."""
    since, until = period(rule_of(sold, given_to), given_to.start)
    found = [one for one in lines(sold, given_to, since, until - ONE_DAY, NO_CALLS) if one.kind != "setup"]
    charges: list[Charge] = []
    given_back = Fraction(0)
    for number, line in enumerate(found):
        if line.retail >= 0 and line.cost >= 0:
            credited = rounded(line.retail * credits_given.get(number, 0) / 100)
            charges.append(
                Charge(name=str(number), kind=line.kind, day=line.day, retail=line.retail, cost=line.cost, credited_retail=credited)
            )  # fmt: skip
            continue
        taken = taken_back(line, since, until, charges)
        given_back += sum(one.retail for one in taken)
        charges = [_less(charge, [one for one in taken if one.charge is charge]) for charge in charges]
    assert all(0 <= one.credited_retail <= one.retail and 0 <= one.credited_cost <= one.cost for one in charges)
    nominal = -sum(one.retail for one in found if one.retail < 0)
    assert given_back <= nominal
    if not credits_given:
        assert nominal - given_back <= Fraction(len(found) ** 2, 1_000_000)


def _less(charge: Charge, taken: list[Taken]) -> Charge:
    retail, cost = sum((one.retail for one in taken), Fraction(0)), sum((one.cost for one in taken), Fraction(0))
    return replace(charge, credited_retail=charge.credited_retail + retail, credited_cost=charge.credited_cost + cost)


@given(packages(), assignments(charge_from=False))
@settings(max_examples=100)
def test_rule_dates_are_neighbours(sold: Package, given_to: Assignment) -> None:
    """Between the two rule dates of a period there is none."""
    rule = rule_of(sold, given_to)
    since, until = period(rule, given_to.start + 40 * ONE_DAY)
    dates = rule_dates(sold, given_to, since, since + 60 * ONE_DAY)
    assert not [each for each in dates if since < each < until]
    assert rule.names(since)


def test_a_rule_with_match_days_reaches_back() -> None:
    assert period(Rule("monthly", (14,), 1, day("2014-02-01")), day("2014-02-01")) == (day("2014-01-14"), day("2014-02-14"))
    assert period(Rule("monthly", (), 1, day("2014-02-01")), day("2014-02-01")) == (day("2014-02-01"), day("2014-03-01"))
