"""What an account's credit allows (rules 4, Auto Decrement Credit): each debit is tried by itself, in order."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.account import Credit, allot, current_credit, fits_limit

from .build import account


def amounts(text: str) -> list[Decimal]:
    return [Decimal(word) for word in text.split()]


def state(balance: str, limit: str | None) -> Credit:
    return Credit(Decimal(balance), None if limit is None else Decimal(limit))


@pytest.mark.parametrize(
    ("balance", "limit", "amount", "expected"),
    [
        ("10", "0", "10", True),
        ("10", "0", "10.000001", False),
        ("0", "5", "5", True),
        ("0", "5", "5.000001", False),
        ("-4", "5", "1", True),
        ("-4", "5", "1.01", False),
        ("-100", None, "1000000", True),
        ("-100", "5", "0", True),
        ("-100", "0", "0.00", True),
        ("-100", "5", "0.000001", False),
        ("0", "0", "0.000001", False),
    ],
    ids=[
        "rules 4: down to the limit exactly",
        "rules 4: a millionth too much",
        "rules 4: the limit is how far below zero",
        "rules 4: a millionth past the limit",
        "rules 4: what is left of the limit",
        "rules 4: more than is left of the limit",
        "rules 4: absent means no limit",
        "rules 4: nothing to debit fits even below the limit",
        "rules 4: nothing is nothing with decimals too",
        "rules 4: below the limit no debit fits",
        "rules 4: a limit of 0 allows no debt",
    ],
)
def test_fits(balance: str, limit: str | None, amount: str, expected: bool) -> None:
    assert fits_limit(state(balance, limit), Decimal(amount)) is expected


@pytest.mark.parametrize(
    ("balance", "limit", "tried", "expected", "left"),
    [
        ("30", "0", "10 10 10", "yyy", "0"),
        ("30", "0", "40 10 25 20", "nyny", "0"),
        ("30", "0", "10 25 25 20", "ynny", "0"),
        ("5", "5", "10 0.01", "yn", "-5"),
        ("-50", "10", "0 1 0", "yny", "-50"),
        ("0", None, "10 1000", "yy", "-1010"),
        ("7", "0", "", "", "7"),
    ],
    ids=[
        "rules 4: all fit",
        "rules 4: one that doesn't fit is held, smaller ones after it are still tried",
        "rules 4: what is held takes nothing",
        "rules 4: the limit is used up once",
        "rules 4: below the limit only nothing fits",
        "rules 4: without limit all fit",
        "rules 4: nothing to try",
    ],
)
def test_allot(balance: str, limit: str | None, tried: str, expected: str, left: str) -> None:
    verdicts, after = allot(state(balance, limit), amounts(tried))
    assert "".join("y" if verdict else "n" for verdict in verdicts) == expected
    assert after == state(left, limit)


MONEY = st.integers(0, 10**10).map(lambda count: Decimal(count).scaleb(-6))


@given(balance=MONEY.map(lambda amount: amount - 5000), limit=st.none() | MONEY, tried=st.lists(MONEY, max_size=20))
def test_allot_against_a_purse_counted_in_fractions(balance: Decimal, limit: Decimal | None, tried: list[Decimal]) -> None:
    purse, expected = Fraction(balance), []
    for amount in tried:
        expected.append(limit is None or amount == 0 or purse + Fraction(limit) >= Fraction(amount))
        purse -= Fraction(amount) * expected[-1]
    verdicts, after = allot(Credit(balance, limit), tried)
    assert (verdicts, Fraction(after.balance)) == (expected, purse)


def test_the_credit_of_an_account() -> None:
    assert current_credit(account(balance="3", debit_limit="7")) == state("3", "7")
    assert current_credit(account()) == state("0", None)
