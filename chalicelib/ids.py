"""Ids that sort by the time they were made: 48 bits of milliseconds, 80 bits of chance or of a request's fingerprint (ULID)."""

import functools
import hashlib
import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new(at: datetime) -> str:
    """A new id."""
    return _spell(at, secrets.token_bytes(10))


def derived(at: datetime, fingerprint: str) -> str:
    """The id of what a request creates, the same for every attempt."""
    return _spell(at, hashlib.sha256(fingerprint.encode()).digest()[:10])


def following(first: str, count: int) -> list[str]:
    """`count` ids that sort after `first` in this order, the same for the same `first`."""
    return [nth_after(first, n) for n in range(1, count + 1)]


def nth_after(first: str, nth: int) -> str:
    """The id that stands `nth` behind `first` among those that follow it, from 1."""
    return _letters(functools.reduce(lambda sum_, letter: sum_ << 5 | _ALPHABET.index(letter), first, 0) + nth)


def _spell(at: datetime, tail: bytes) -> str:
    return _letters(int(at.timestamp() * 1000) << 80 | int.from_bytes(tail, "big"))


def _letters(number: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(25, -1, -1))
