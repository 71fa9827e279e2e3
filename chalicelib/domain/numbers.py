"""Telephone numbers as people write them, kept as digits: E.164 without `+` (rules: Words)."""

import re
from typing import Final

NUMBER_SEPARATORS: Final = " \t\u00a0\u2007\u2009\u202f.()\u2010\u2011\u2012\u2013\u2014\u2212-"
"""What people put between digits: spaces, also those that don't break, dots, parentheses and dashes. `-` stands last, as in a class."""
NO_SUCH_DID: Final = "begins with 0, but a number with its country code never does: replace the 0 by the country code"

_DROPPED: Final = dict.fromkeys(map(ord, NUMBER_SEPARATORS))
_NUMBER_PATTERN = re.compile(r"\+?[0-9]+", re.ASCII)
_ABROAD = re.compile(r"\+|00(?=[1-9])", re.ASCII)
_TRUNK = re.compile(r"\(\s*0\s*\)")


def digits(text: str) -> str | None:
    """`+44 20 7946 0901` and `00442079460901` as `442079460901`; None for what is no number.

    `+44 (0)20` is none: whether its 0 is dialled depends on where from. Numbers without country code stay as they are.
    """
    plain = text.translate(_DROPPED)
    return international(plain) if _NUMBER_PATTERN.fullmatch(plain) and not _TRUNK.search(text) else None


def international(number: str) -> str:
    """The number, or the beginning of one, without the `+` or `00` before its country code; no country code begins with 0."""
    return _ABROAD.sub("", number, count=1) if _ABROAD.match(number) else number
