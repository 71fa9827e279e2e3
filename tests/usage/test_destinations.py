"""Destinations of free minutes: what is no alternative of anchored digits is refused with its place, in linear time.

rules 4: Free Minutes.
"""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.minutes import Buckets, prefixes
from chalicelib.domain.package import destination_fault, field_faults

from .build import a_bucket, a_call

FAULTY = [
    ("44", 1), ("^", 2), ("^44|", 5), ("|^44", 1), ("^44||^91", 5), ("^44|91", 5), ("^44 |^91", 4), ("^44|^9x", 7), (" ^44", 1),
    ("^44\n", 4), ("^44|^", 6), ("^+44", 2), ("^4.", 3), ("^4*", 3), ("^(44|91)", 2), ("^[0-9]", 2), ("^44$", 4), ("^^44", 2),
    ("^\\d", 2), ("^44|^91|^1-", 11), ("^٤٤", 2), ("^4４", 3), ("|", 1), ("^4\x00", 3), (".*", 1), ("^(a+)+$", 2),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "position"), FAULTY, ids=[ascii(pattern) for pattern, _ in FAULTY])
def test_a_bad_destination_is_refused_with_the_place_of_its_fault(pattern: str, position: int) -> None:
    """rules 4: Free Minutes: anything but alternatives of anchored digits, with the position of the first bad character."""
    fault = destination_fault(pattern)
    assert fault is not None
    assert f"character {position} " in fault


GOOD = ["", "^0", "^44|^91|^1", "^44|^44", "^" + 40 * "0", "|".join(f"^{n}" for n in range(3000))]


@pytest.mark.parametrize("pattern", GOOD, ids=lambda pattern: pattern[:20])
def test_good_destinations(pattern: str) -> None:
    """rules 4: Free Minutes: empty is every number."""
    assert destination_fault(pattern) is None
    assert list(prefixes(pattern)) == [part[1:] for part in pattern.split("|")]


@settings(max_examples=500)
@given(st.text("^|0149 .*", max_size=12))
def test_a_destination_is_faultless_if_every_alternative_is(pattern: str) -> None:
    """What comes before the position said is the longest beginning that can still become a good one."""
    good = not pattern or all(part[:1] == "^" and part[1:].isdigit() for part in pattern.split("|"))
    fault = destination_fault(pattern)
    assert (fault is None) == good
    if fault:
        position = next(int(word) for word in fault.split() if word.isdigit())
        before, through = pattern[: position - 1], pattern[:position]
        assert any(destination_fault(before + more) is None for more in ("", "1", "^1"))
        assert position > len(pattern) or all(destination_fault(through + more) for more in ("", "1", "^1"))


def test_only_packages_of_minutes_have_a_destination() -> None:
    """rules 4: Free Minutes."""
    assert [fault.pointer for fault in field_faults({"type": "standard", "destination": "^44"})] == ["/destination"]
    assert not list(field_faults({"type": "free_minutes", "destination": "^44"}))


def seconds_for(work: Callable[[], object]) -> float:
    """The least of a few times of this process: others that run meanwhile take nothing away from it."""
    times = []
    for _ in range(7):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize("unit", ["^1", "^1|", "1", "|", "^|", "^11111111|"], ids=str)
def test_reading_a_destination_takes_time_in_proportion_to_its_length(unit: str) -> None:
    """rules 4: Free Minutes: linear: sixteen times the length takes far less than 256 times as long."""
    short, long = (unit * (length // len(unit)) + "x" for length in (20_000, 320_000))
    assert seconds_for(lambda: destination_fault(long)) < 80 * seconds_for(lambda: destination_fault(short)) + 0.002


def test_matching_takes_no_longer_for_crafted_numbers() -> None:
    """rules 4: Free Minutes: matching is linear in the number's length: one look-up a digit, at most 33 a DID."""
    found = [a_bucket(f"{n:04}", 1, *("1" * k for k in range(1, 33))) for n in range(1000)]
    shared = Buckets(found, dict.fromkeys((one.key for one in found), 0))
    shared.rate(a_call(1, destination="1" * 32))
    call = a_call(1, destination="1" * 31 + "2", did="100")
    assert seconds_for(lambda: [shared.rate(call) for _ in range(100)]) / 100 < 0.001
