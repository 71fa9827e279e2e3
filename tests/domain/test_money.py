"""Amounts are exact (rules 2): what is accepted, how it is written, what is rounded, and that nothing else ever is."""

from decimal import Decimal, Inexact
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.domain import money
from tests.oracles import charges as oracle

LARGEST = "999999999999.999999"
MICROS = st.integers(0, 10**21 - 1)
"""Amounts below 10^15 in millionths: unit price x quantity."""


def micro(count: int) -> Decimal:
    return Decimal(count).scaleb(-6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.50", "10.5"),
        ("0.0001", "0.0001"),
        ("0.000001", "0.000001"),
        ("0", "0"),
        ("0.00", "0"),
        ("7", "7"),
        ("007.5", "7.5"),
        (LARGEST, LARGEST),
        ("12345678901.123456", "12345678901.123456"),
    ],
    ids=[
        "rules 2: decimal strings on the wire",
        "rules 2: ConnexCS's prices go down to 0.0001",
        "rules 2: up to 6 decimals",
        "rules 2: zero is an amount",
        "rules 2: zero with decimals",
        "rules 2: no decimals needed",
        "rules 2: leading zeros change nothing",
        "rules 2: the largest amount below 10^12",
        "rules 2: 17 digits, more than a float holds",
    ],
)
def test_parse(text: str, expected: str) -> None:
    assert money.parse_amount(text) == Decimal(expected)
    assert money.parse_amount(text, signed=True) == Decimal(expected)


REFUSED = {
    "NaN": "NaN",
    "a signalling NaN": "sNaN",
    "infinity": "Infinity",
    "infinity, short": "inf",
    "an exponent": "1e3",
    "a capital exponent": "1E3",
    "a negative exponent": "1e-3",
    "a plus sign": "+1",
    "a digit separator": "1_000",
    "thousands with commas": "1,000.00",
    "a decimal comma": "1,5",
    "full-width digits": "１２",
    "Arabic digits": "٣.٥٠",
    "a superscript": "1²",
    "a space before": " 1",
    "a space after": "1 ",
    "a space within": "1 000",
    "a line feed after": "1.50\n",
    "7 decimals": "0.0000001",
    "7 decimals, zeros": "1.0000000",
    "10^12": "1000000000000",
    "10^12 with decimals": "1000000000000.00",
    "nothing": "",
    "a point only": ".",
    "no digit before the point": ".5",
    "no digit after the point": "5.",
    "two points": "1.2.3",
    "hexadecimal": "0x10",
    "a currency": "$5",
    "two minus signs": "--1",
    "a minus sign only": "-",
    "a plus after a minus": "-+1",
    "another dash": "−1",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=[f"rules 2: refused: {name}" for name in REFUSED])
@pytest.mark.parametrize("signed", [False, True], ids=["price", "signed"])
def test_parse_refuses(text: str, signed: bool) -> None:
    with pytest.raises(ValueError, match="at most 6 decimals"):
        money.parse_amount(text, signed=signed)


@pytest.mark.parametrize("text", ["-1", "-0.000001", "-0"], ids=lambda text: f"rules 2: a negative price is refused: {text}")
def test_parse_refuses_a_negative_price(text: str) -> None:
    with pytest.raises(ValueError, match="zero or more"):
        money.parse_amount(text)


@pytest.mark.parametrize(("signed", "kind"), [(False, "an amount of zero or more"), (True, "an amount")], ids=["price", "signed"])
def test_parse_says_what_it_takes(signed: bool, kind: str) -> None:
    with pytest.raises(ValueError, match=f"^must be {kind} such as 10.50: digits with at most 6 decimals, below 1,000,000,000,000$"):
        money.parse_amount("ten", signed=signed)


@pytest.mark.parametrize("text", ["1,50", "1,234.50", "1.234,50"])
def test_parse_says_that_a_comma_is_the_fault(text: str) -> None:
    with pytest.raises(ValueError, match="with a point and no commas"):
        money.parse_amount(text)


@pytest.mark.parametrize("text", ["-1", f"-{LARGEST}", "-0.000001"], ids=lambda text: f"rules 2: a payment may be a correction: {text}")
def test_parse_takes_negative_amounts_where_asked(text: str) -> None:
    assert money.parse_amount(text, signed=True) == Decimal(text)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("10.5", "10.50"), ("10.500000", "10.50"), ("10", "10.00"), ("0", "0.00"), ("0E-6", "0.00"), ("-0", "0.00"), ("0.0001", "0.0001"),
        ("0.000001", "0.000001"), ("1.230", "1.23"), ("1.2345", "1.2345"), ("100", "100.00"), ("1E+3", "1000.00"), ("-2.5", "-2.50"),
        ("-0.000001", "-0.000001"), (LARGEST, LARGEST), ("999999999999999.999999", "999999999999999.999999"),
    ],
    ids=lambda value: f"rules 2: {value}",
)  # fmt: skip
def test_text(amount: str, expected: str) -> None:
    assert money.text(Decimal(amount)) == expected


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_text_and_parse_are_each_others_opposite(count: int) -> None:
    amount = micro(count)
    assert money.parse_amount(money.text(amount), signed=True) == amount


@pytest.mark.parametrize(
    ("amount", "part", "whole", "expected"),
    [
        ("50", 1, 3, "16.666667"),
        ("50", 14, 31, "22.580645"),
        ("0.000001", 1, 2, "0.000001"),
        ("0.000001", 1, 3, "0"),
        ("0.000003", 1, 2, "0.000002"),
        ("0.000005", 1, 2, "0.000003"),
        ("50", 31, 31, "50"),
        ("50", 0, 31, "0"),
        ("0", 1, 3, "0"),
        ("999999999999999.999999", 365, 366, "997267759562841.530054"),
    ],
    ids=[
        "rules 2: rounded up above the half",
        "rules 4: 14 of January's 31 days",
        "rules 2: the half goes up, not to the even 0",
        "rules 2: below the half goes down",
        "rules 2: 1.5 goes up to 2",
        "rules 2: 2.5 goes up to 3, not to the even 2",
        "rules 2: the whole is not rounded",
        "rules 2: nothing of it",
        "rules 2: a share of nothing",
        "rules 2: the largest unit price x quantity",
    ],
)
def test_share(amount: str, part: int, whole: int, expected: str) -> None:
    assert money.share(Decimal(amount), part, whole) == Decimal(expected)


@settings(max_examples=500)
@given(count=MICROS, whole=st.integers(1, 400), part=st.integers(0, 400))
@example(count=1, whole=2, part=1)
def test_share_is_rounded_half_up_once(count: int, whole: int, part: int) -> None:
    part = min(part, whole)
    found = money.share(micro(count), part, whole)
    assert Fraction(found) == oracle.half_up(Fraction(count, 10**6) * part / whole)
    exponent = found.as_tuple().exponent
    assert isinstance(exponent, int)
    assert exponent >= -6


@given(count=MICROS, whole=st.integers(1, 10**5), part=st.integers(0, 10**5))
def test_shares_of_both_parts_make_the_whole_but_for_the_last_decimal(count: int, whole: int, part: int) -> None:
    part = min(part, whole)
    both = money.plus(money.share(micro(count), part, whole), money.share(micro(count), whole - part, whole))
    assert abs(both - micro(count)) <= Decimal("0.000001")


# Exactness: what would need rounding raises, it is never rounded quietly.


@given(unit=st.integers(0, 10**18 - 1), quantity=st.integers(1, 10**6))
def test_unit_price_times_quantity_is_exact(unit: int, quantity: int) -> None:
    assert Fraction(money.times(micro(unit), Decimal(quantity))) == Fraction(unit, 10**6) * quantity


@given(st.lists(MICROS, max_size=50))
def test_totals_are_exact(counts: list[int]) -> None:
    assert Fraction(money.total(micro(count) for count in counts)) == Fraction(sum(counts), 10**6)


ONES = Decimal("1" * 38)


@pytest.mark.parametrize(
    ("computed", "expected"),
    [
        (lambda: money.plus(ONES, Decimal(0)), "1" * 38),
        (lambda: money.plus(Decimal("9" * 37), Decimal(1)), f"1{'0' * 37}"),
        (lambda: money.minus(Decimal("9" * 38), ONES), "8" * 38),
        (lambda: money.times(Decimal("1" * 19), Decimal(10**18)), f"{'1' * 19}{'0' * 18}"),
        (lambda: money.plus(Decimal("9" * 32), Decimal("0.000001")), f"{'9' * 32}.000001"),
        (lambda: money.total([]), "0"),
    ],
    ids=[
        "rules 2: 38 digits are kept",
        "rules 2: a carry within 38 digits",
        "rules 2: a difference of 38 digits",
        "rules 2: a product of 37 digits",
        "rules 2: a millionth on top of 32 digits",
        "rules 2: nothing sums to zero",
    ],
)
def test_38_digits_are_exact(computed: object, expected: str) -> None:
    assert callable(computed)
    assert computed() == Decimal(expected)


@pytest.mark.parametrize(
    "computed",
    [
        lambda: money.plus(Decimal(10**38), Decimal("0.1")),
        lambda: money.minus(Decimal(10**38), Decimal("0.1")),
        lambda: money.times(ONES, Decimal("1.1")),
        lambda: money.total([Decimal(10**38), Decimal("0.000001")]),
        lambda: money.plus(Decimal("0.1234567890123456789012345678901234567891"), Decimal(1)),
    ],
    ids=[f"rules 2: the 39th digit is refused, not rounded: {name}" for name in ("sum", "difference", "product", "total", "decimals")],
)
def test_what_would_be_rounded_raises(computed: object) -> None:
    assert callable(computed)
    with pytest.raises(Inexact):
        computed()


@pytest.mark.parametrize("operation", [money.plus, money.minus, money.times], ids=["sum", "difference", "product"])
def test_floats_never_get_in(operation: object) -> None:
    assert callable(operation)
    with pytest.raises(TypeError):
        operation(Decimal(1), 0.1)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("10000", "JPY", "10000"), ("10000.5", "JPY", "10000.5"), ("-0", "JPY", "0"), ("1.5", "KWD", "1.500"), ("1.5", "USD", "1.50"),
        ("-1.123456", "USD", "-1.123456"), ("0", "KWD", "0.000"), ("7", "???", "7.00"),
    ],
)  # fmt: skip
def test_c_people_see_the_decimals_of_the_currency(amount: str, currency: str, expected: str) -> None:
    assert money.shown(Decimal(amount), currency) == expected


@given(st.integers(-(10**18), 10**18).map(lambda count: Decimal(count).scaleb(-6)), st.sampled_from(("JPY", "USD", "KWD")))
def test_c_what_people_see_is_the_amount_to_the_last_digit(amount: Decimal, currency: str) -> None:
    assert Decimal(money.shown(amount, currency)) == amount


@pytest.mark.parametrize(
    ("amount", "currency", "payable"),
    [("12.000001", "USD", "12.01"), ("12.01", "USD", "12.01"), ("0.1", "JPY", "1"), ("1.2345", "KWD", "1.235"), ("0", "USD", "0")],
)
def test_what_can_be_paid_is_rounded_up(amount: str, currency: str, payable: str) -> None:
    assert money.payable(Decimal(amount), currency) == Decimal(payable)
