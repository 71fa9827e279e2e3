"""Telephone numbers as people write them (rules 1: Words)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.minutes import prefixes
from chalicelib.domain.numbers import NUMBER_SEPARATORS, digits

GAP = st.text(NUMBER_SEPARATORS, max_size=3)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("442079460901", "442079460901"), ("+44 20 7946 0901", "442079460901"), ("00442079460901", "442079460901"),
        ("00 44 (20) 7946-0901", "442079460901"), ("(+44)\u00a020.7946\u20130901", "442079460901"), ("\t+1 (212) 555-0100 ", "12125550100"),
        ("2079460901", "2079460901"), ("02079460901", "02079460901"), ("000", "000"), ("112", "112"), ("+0044", "0044"),
        ("", None), ("+", None), ("44+20", None), ("++44", None), ("+44 (0)20 7946 0901", None), ("4.42079E+11", None), ("٤٤٢٠", None),
        ("44/20", None), ("=44", None),
    ],
)  # fmt: skip
def test_b3_a_number_is_kept_as_its_digits(written: str, kept: str | None) -> None:
    assert digits(written) == kept


@given(st.from_regex("[1-9][0-9]{2,19}", fullmatch=True), st.sampled_from(("", "+", "00")), st.data())
def test_b3_however_it_is_written_it_is_one_number(number: str, abroad: str, data: st.DataObject) -> None:
    spaced = "".join(data.draw(GAP) + digit for digit in abroad + number) + data.draw(GAP)
    assert digits(spaced) in (number, None)
    assert digits(spaced) == number or "(" in spaced
    assert digits(number) == number


def test_b3_prefixes_of_packages_are_numbers_too() -> None:
    assert prefixes("^0044|^91|^00") == ("44", "91", "00")
