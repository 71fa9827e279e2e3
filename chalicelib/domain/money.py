"""Exact amounts: `Decimal` with up to 6 decimals, absolute value below 10^12 as given (rules: Money and dates).

Sums and products stay exact in a context of 38 digits that traps what it would round. Only `share` rounds: to 6 decimals, half away
from zero.
"""

import re
from collections.abc import Iterable
from decimal import ROUND_CEILING, Context, Decimal, DivisionByZero, FloatOperation, Inexact, InvalidOperation, Overflow
from functools import reduce

from .currencies import DECIMALS

ZERO = Decimal(0)
DECIMALS_MAX = 6
AMOUNT_MAX = Decimal(10) ** 15
"""Unit price x quantity stays below this."""

_CONTEXT = Context(prec=38, traps=[Inexact, InvalidOperation, Overflow, DivisionByZero, FloatOperation])
_CEILING = Context(prec=38, traps=[InvalidOperation, Overflow, FloatOperation])
_PRICE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_MICRO = 10**6
_HUNDRED = Decimal(100)
_TEN_THOUSAND = Decimal(10_000)

times = _CONTEXT.multiply
plus = _CONTEXT.add
minus = _CONTEXT.subtract


def parse_amount(text: str, *, signed: bool = False) -> Decimal:
    """The amount that `text` spells, exactly: digits with at most 6 decimals; a leading `-` only when `signed`.

    Raises `ValueError` with a sentence for the caller: exponents, separators, `+`, spaces and other scripts' digits are refused.
    """
    digits = text[1:] if signed and text.startswith("-") else text
    if not _PRICE.fullmatch(digits):
        kind = "an amount" if signed else "an amount of zero or more"
        comma = ", with a point and no commas" if "," in text else ""
        raise ValueError(f"must be {kind} such as 10.50{comma}: digits with at most 6 decimals, below 1,000,000,000,000")
    return Decimal(text)


def text(amount: Decimal) -> str:
    """The amount on the wire: plain digits, at least two decimals, no superfluous zeros after them."""
    return _with_decimals(format(amount or ZERO, "f"), 2)


def shown(amount: Decimal | str, currency: str) -> str:
    """The amount, or its text, for people: with the decimals of its currency, or more if it has them. `10000` of JPY, `1.500` of KWD."""
    return _with_decimals(amount if isinstance(amount, str) else text(amount), DECIMALS.get(currency, 2))


def _with_decimals(digits: str, least: int) -> str:
    whole, _, decimals = digits.partition(".")
    decimals = decimals.rstrip("0").ljust(least, "0")
    return f"{whole}.{decimals}" if decimals else whole


def decimals(amount: Decimal) -> int:
    """How many decimals the amount needs: 1 for 10.50."""
    return len(format(amount, "f").partition(".")[2].rstrip("0"))


def payable(amount: Decimal, currency: str) -> Decimal:
    """The least amount that can be paid in the currency and is not below this one: 12.01 USD for 12.000001."""
    return amount.quantize(Decimal(1).scaleb(-DECIMALS.get(currency, DECIMALS_MAX)), ROUND_CEILING, _CEILING)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    return reduce(plus, amounts, ZERO)


def share(amount: Decimal, part: int, whole: int) -> Decimal:
    """`amount x part / whole` for an amount >= 0, rounded once to 6 decimals, half away from zero; negative when `part` is."""
    if part % whole == 0 or not amount:
        return times(amount, Decimal(part // whole)) if amount else ZERO
    micro = int(times(amount, Decimal(_MICRO))) * abs(part)
    rounded = (2 * micro + whole) // (2 * whole)
    return Decimal(rounded if part > 0 else -rounded).scaleb(-6, _CONTEXT)


def share_of(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """`amount x part / whole` for amounts >= 0 with at most 6 decimals, `whole` above 0; rounded like a `share`."""
    return share(amount, *(int(times(one, Decimal(_MICRO))) for one in (part, whole)))


def discounted_share(amount: Decimal, percent: Decimal, part: int, whole: int) -> Decimal:
    """`amount x part / whole`, less a discount of at most 4 decimals, rounded once like a `share`."""
    return share(amount, part * int(times(minus(_HUNDRED, percent), _TEN_THOUSAND)), whole * _MICRO)
