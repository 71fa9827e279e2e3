"""Random packages and assignments with dated terms, as the facts of the oracle."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from .dated import Assignment, Entry, Package, PriceList, Terms, terms_on

STARTS = st.one_of(
    st.dates(date(2023, 11, 1), date(2024, 4, 5)),  # about a leap day
    st.dates(date(2030, 11, 1), date(2031, 4, 5)),
)
FREQUENCIES = ("none", "daily", "weekly", "monthly", "quarterly", "yearly")
MOST_EVERY = {"daily": 366, "weekly": 52, "monthly": 120}
QUANTITIES = st.sampled_from((1, 2, 3, 10, 1_000_000))
PERCENTS = st.sampled_from(("0", "10", "33.3333", "50", "100", "0.0001")).map(Fraction)
COMMON = st.sampled_from(("0", "1", "10", "12.5", "249.95", "0.000001", "999999.999999")).map(Fraction)
AMOUNTS = COMMON | st.integers(0, 10**9).map(lambda millionths: Fraction(millionths, 1_000_000))
PRICES = ("cost", "retail", "setup_cost", "setup_retail")


@st.composite
def packages(draw: st.DrawFn, /, *, later_lists: int = 3, **fixed: Any) -> Package:
    """A package of any kind; `fixed` are fields that aren't drawn."""
    wanted = fixed.get("proration") or draw(st.sampled_from(("none", "daily")))
    frequency = draw(st.sampled_from(FREQUENCIES if wanted == "none" else FREQUENCIES[1:]))
    least = 2 if frequency == "daily" and wanted == "daily" else 1
    most = draw(st.sampled_from((4, 4, 4, MOST_EVERY[frequency]))) if frequency in MOST_EVERY else least
    every = draw(st.integers(least, most))
    days = {"weekly": st.integers(0, 6), "monthly": st.one_of(st.integers(28, 31), st.integers(1, 31))}.get(frequency)
    match = tuple(sorted(draw(st.sets(days, max_size=3)))) if days is not None else ()
    spends = frequency != "none" and fixed.get("minimum_spend", True) and draw(st.integers(0, 2)) == 0
    first = PriceList(prices={name: draw(AMOUNTS) for name in PRICES})
    later = draw(st.lists(price_lists(), max_size=later_lists, unique_by=lambda one: one.begins)) if later_lists else []
    return Package(
        frequency=frequency, match=match, every=every, proration=wanted, minimum_spend=spends, lists=(first, *_by_date(later)),
    )  # fmt: skip


def _by_date(lists: list[PriceList]) -> list[PriceList]:
    return sorted(lists, key=lambda one: one.begins or date.min)


@st.composite
def price_lists(draw: Any) -> PriceList:
    """A later list that names some of the prices."""
    named = draw(st.sets(st.sampled_from(PRICES), min_size=1))
    begins = draw(STARTS) + timedelta(days=draw(st.integers(0, 90)))
    return PriceList(begins=begins, existing=draw(st.booleans()), prices={name: draw(AMOUNTS) for name in sorted(named)})


@st.composite
def assignments(draw: Any, *, charge_from: bool = True, prices: bool = True) -> Assignment:
    """An assignment with terms, pauses and an end; its start date is not paused."""
    start = draw(STARTS)
    first = Terms(**{name: draw(drawn) for name, drawn in _fields(prices, whole=True).items() if name != "paused"})
    entries = draw(st.lists(_entries(start, prices), max_size=5, unique_by=lambda one: one.begins))
    moved = {"charge_from": _after(start, -5, 70), "counted_from": _after(start, -100, 0)} if charge_from else {}
    made = Assignment(
        start=start,
        end=draw(_after(start, 0, 150)),
        first=first,
        setup_cost=draw(st.none() | AMOUNTS),
        setup_retail=draw(st.none() | AMOUNTS),
        entries=tuple(entries),
        **{name: draw(st.none() | drawn) for name, drawn in moved.items()},
    )
    if terms_on(made, start).paused:
        entries = [Entry(begins=one.begins, until=one.until, values={**one.values, "paused": False}) for one in entries]
        return Assignment(**{**made.__dict__, "entries": tuple(entries)})
    return made


def _after(day: date, least: int, most: int) -> st.SearchStrategy[date | None]:
    return st.none() | st.integers(least, most).map(lambda days: day + timedelta(days=days))


def _fields(prices: bool, *, whole: bool = False) -> dict[str, Any]:
    fields = {"quantity": QUANTITIES, "paused": st.booleans(), "auto_decrement_credit": st.booleans()}
    priced = {"retail": st.none() | AMOUNTS, "cost": st.none() | AMOUNTS, "discount": PERCENTS}
    return fields | {"free_minutes": st.integers(1, 100)} | (priced if prices else {"discount": PERCENTS} if whole else {})


@st.composite
def _entries(draw: Any, start: date, prices: bool) -> Entry:
    fields = _fields(prices)
    begins = start + timedelta(days=draw(st.integers(-5, 120)))
    until = draw(_after(begins, 0, 60))
    named = draw(st.sets(st.sampled_from(sorted(fields)), min_size=1, max_size=3))
    return Entry(begins=begins, until=until, values={name: draw(fields[name]) for name in sorted(named)})
