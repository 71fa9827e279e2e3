"""What a package may be (rules 3: matches; rules 4: minimum spend, destinations, what is fixed while it is in use)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.package import (
    FIXED_ONCE_ASSIGNED,
    changed_fixed_fields,
    destination_fault,
    field_faults,
    match_faults,
    parse_match,
    proration_faults,
    wire_match,
)
from chalicelib.domain.schedule import FREQUENCIES, WEEKDAYS, Frequency

from .build import package

MATCHES: list[tuple[str, Frequency, tuple[Any, ...], list[str]]] = [
    ("several weekdays", "weekly", ("mon", "sun"), []),
    ("several days of the month", "monthly", (1, 31), []),
    ("an unknown weekday, by its place", "weekly", ("mon", "day", "tue", "Sunday"), ["1", "3"]),
    ("weekdays are small letters", "weekly", ("MON",), ["0"]),
    ("a day of the month is no weekday", "weekly", (1,), ["0"]),
    ("a weekday is no day of the month", "monthly", ("mon",), ["0"]),
    ("0 and 32, by their places", "monthly", (0, 1, 32), ["0", "2"]),
    ("negative days", "monthly", (-1,), ["0"]),
    ("a day as text", "monthly", ("15",), ["0"]),
    ("true is no day", "monthly", (True,), ["0"]),
    ("a day with decimals", "monthly", (15.0,), ["0"]),
    ("the second of two equal days", "monthly", (1, 15, 1), ["2"]),
    ("the second of two equal weekdays", "weekly", ("fri", "fri"), ["1"]),
    ("every one after the first", "monthly", (7, 7, 7), ["1", "2"]),
]


@pytest.mark.parametrize(
    ("frequency", "match", "expected"), [case[1:] for case in MATCHES], ids=[f"rules 3: {case[0]}" for case in MATCHES]
)
def test_match_faults(frequency: Frequency, match: tuple[Any, ...], expected: list[str]) -> None:
    assert [fault.pointer for fault in match_faults(frequency, match)] == [f"/frequency_match/{place}" for place in expected]


@pytest.mark.parametrize("frequency", FREQUENCIES, ids=lambda name: f"rules 3: [] is no match and accepted: {name}")
def test_an_empty_match_is_accepted_everywhere(frequency: Frequency) -> None:
    assert list(match_faults(frequency, ())) == []


@pytest.mark.parametrize("frequency", ["none", "daily", "quarterly", "yearly"], ids=lambda name: f"rules 3: no match on {name}")
@pytest.mark.parametrize("match", [(1,), ("mon",), (0, 32)], ids=str)
def test_a_match_on_any_other_frequency_is_one_fault(frequency: Frequency, match: tuple[Any, ...]) -> None:
    [fault] = match_faults(frequency, match)
    assert fault.pointer == "/frequency_match"
    assert frequency in fault.detail


EVERY = [
    ("daily", 366, 367), ("weekly", 52, 53), ("monthly", 120, 121), ("none", 1, 2), ("quarterly", 1, 2), ("yearly", 1, 2),
]  # fmt: skip


@pytest.mark.parametrize(("frequency", "most", "more"), EVERY, ids=[case[0] for case in EVERY])
def test_every_so_many(frequency: Frequency, most: int, more: int) -> None:
    assert list(field_faults({"frequency": frequency, "every": most})) == []
    [fault] = field_faults({"frequency": frequency, "every": more})
    assert (fault.pointer, frequency in fault.detail) == ("/every", True)


@pytest.mark.parametrize(
    ("frequency", "every", "refused"),
    [("none", 1, True), ("daily", 1, True), ("daily", 2, False), ("weekly", 1, False), ("yearly", 1, False)],
)
def test_what_can_be_prorated(frequency: Frequency, every: int, refused: bool) -> None:
    values = {"frequency": frequency, "every": every, "proration": "daily"}
    assert [fault.pointer for fault in proration_faults(values)] == ["/proration"] * refused
    assert list(proration_faults(values | {"proration": "none"})) == []


@given(st.lists(st.sampled_from(WEEKDAYS), unique=True))
def test_weekdays_are_stored_in_the_weeks_order_and_written_as_names(names: list[str]) -> None:
    stored = parse_match("weekly", tuple(names))
    assert list(stored) == sorted(stored)
    assert wire_match("weekly", stored) == sorted(names, key=WEEKDAYS.index)


@given(st.lists(st.integers(1, 31), unique=True))
def test_days_are_stored_sorted(days: list[int]) -> None:
    assert wire_match("monthly", parse_match("monthly", tuple(days))) == sorted(days)


def test_mon_is_the_first_weekday_and_sun_the_last() -> None:
    """rules 3: weekdays mon..sun, numbered as `schedule` counts them, from Monday."""
    assert parse_match("weekly", ("sun", "wed", "mon")) == (0, 2, 6)


CROSS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("rules 4: minimum spend on none", {"minimum_spend": True, "frequency": "none"}, ["/minimum_spend"]),
    ("rules 4: minimum spend on monthly", {"minimum_spend": True, "frequency": "monthly"}, []),
    ("rules 4: no minimum spend on none", {"minimum_spend": False, "frequency": "none"}, []),
    ("rules 4: a destination on standard", {"type": "standard", "destination": "^44"}, ["/destination"]),
    ("rules 4: a destination on free_minutes", {"type": "free_minutes", "destination": "^44"}, []),
    ("rules 4: an empty destination on standard", {"type": "standard", "destination": ""}, []),
    ("rules 3: a match on daily", {"frequency": "daily", "frequency_match": (1,)}, ["/frequency_match"]),
    ("rules 3: a bad element", {"frequency": "monthly", "frequency_match": [1, 32]}, ["/frequency_match/1"]),
    ("a frequency faulty by itself judges no match", {"frequency_match": (1,), "minimum_spend": True}, []),
    ("a type faulty by itself judges no destination", {"destination": "^44"}, []),
    ("nothing given, nothing wrong", {}, []),
    (
        "all faults are told at once",
        {"frequency": "none", "frequency_match": (1,), "minimum_spend": True, "type": "standard", "destination": "^1"},
        ["/frequency_match", "/destination", "/minimum_spend"],
    ),
]


@pytest.mark.parametrize(("values", "expected"), [case[1:] for case in CROSS], ids=[case[0] for case in CROSS])
def test_cross_faults(values: dict[str, Any], expected: list[str]) -> None:
    assert [fault.pointer for fault in field_faults(values)] == expected


@pytest.mark.parametrize(
    "pattern", ["", "^44", "^44|^91|^1", "^0", "^4420123456789"], ids=lambda pattern: f"rules 4: {pattern!r} is accepted"
)
def test_destinations(pattern: str) -> None:
    assert destination_fault(pattern) is None


BAD_DESTINATIONS = [
    ("44", 1, "^"), ("^", 2, "digit"), ("^|^1", 2, "digit"), ("^44|", 5, "^"), ("|^44", 1, "^"), ("^44||^1", 5, "^"),
    ("^44|91", 5, "^"), ("^44|^", 6, "digit"), ("^4a", 3, "digit"), ("^44|^9x", 7, "digit"), ("^44|^91|^1.", 11, "digit"),
    ("^44$", 4, "digit"), ("^44^91", 4, "digit"), (" ^44", 1, "^"), ("^44 ", 4, "digit"), ("^44 |^1", 4, "digit"),
    ("^44| ^1", 5, "^"), ("^(44|91)", 2, "digit"), (r"^\d", 2, "digit"), ("^[0-9]", 2, "digit"), (r"^(\d+)+$", 2, "digit"),
    ("^4*", 3, "digit"), ("^+44", 2, "digit"), ("^４４", 2, "digit"), ("^4٤", 3, "digit"), ("^44\n", 4, "digit"), ("^²", 2, "digit"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "position", "wanted"), BAD_DESTINATIONS, ids=[f"rules 4: {case[0]!r}: character {case[1]}" for case in BAD_DESTINATIONS]
)
def test_destination_fault_names_the_first_bad_character(pattern: str, position: int, wanted: str) -> None:
    fault = destination_fault(pattern)
    assert fault is not None
    assert fault.startswith(f"character {position} must be ")
    assert wanted in fault.partition(":")[0]


def first_bad_character(pattern: str) -> int | None:
    """Read one character after the other; what may follow depends on the one before only. Positions count from 1."""
    before = "|"
    for position, character in enumerate(f"{pattern}|" if pattern else "", start=1):
        digit = character in "0123456789"
        if not {"|": character == "^", "^": digit, "0": digit or character == "|"}[before]:
            return position
        before = "0" if digit else character
    return None


@given(st.text(alphabet="^|0189a ٣", max_size=14) | st.text(max_size=5))
def test_destinations_against_a_reader_of_single_characters(pattern: str) -> None:
    fault, position = destination_fault(pattern), first_bad_character(pattern)
    assert (fault is None) == (position is None)
    assert fault is None or fault.startswith(f"character {position} must be ")


CHANGES: dict[str, Any] = {
    "currency": "EUR",
    "type": "free_minutes",
    "frequency": "daily",
    "frequency_match": (3,),
    "every": 2,
    "proration": "daily",
    "minimum_spend": True,
    "destination": "^44",
    "connexcs_package": "asr",
}


@pytest.mark.parametrize("name", CHANGES, ids=lambda name: f"rules 4, Edits: {name} is fixed once assigned")
def test_fixed_fields(name: str) -> None:
    old = package(frequency="monthly")
    assert changed_fixed_fields(old, old._replace(**{name: CHANGES[name]})) == [name]


def test_every_fixed_field_is_named_and_no_other() -> None:
    """rules 4, Edits: prices, name, description and minimum days may change."""
    old = package(frequency="monthly")
    free: dict[str, Any] = {
        "name": "N",
        "description": "D",
        "cost": 1,
        "retail": 1,
        "setup_cost": 1,
        "setup_retail": 1,
        "minimum_days": 9,
    }
    assert changed_fixed_fields(old, old._replace(**free)) == []
    assert set(changed_fixed_fields(old, old._replace(**CHANGES))) == set(CHANGES) == set(FIXED_ONCE_ASSIGNED)
