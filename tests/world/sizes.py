"""Item sizes and capacity units by the documented rules (Amazon DynamoDB Developer Guide: item sizes and formats; capacity)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

READ_UNIT = 4096
WRITE_UNIT = 1024
MAX_ITEM = 400 * 1024


def item_size(item: Mapping[str, Any]) -> int:
    """Bytes of an item: names and values."""
    size = 0
    for name, value in item.items():
        size += _text_size(name) + (_text_size(value["S"]) if "S" in value else _value_size(value))
    return size


@lru_cache(maxsize=65536)
def _text_size(text: str) -> int:
    return len(text.encode())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return _text_size(content)
    if kind == "N":
        return _number_size(content)
    if kind in ("BOOL", "NULL"):
        return 1
    return _compound_size(kind, content)


def _compound_size(kind: str, content: Any) -> int:
    if kind == "B":
        return len(content)
    if kind == "L":
        return 3 + sum(1 + _value_size(one) for one in content)
    if kind == "M":
        return 3 + sum(1 + _text_size(name) + _value_size(one) for name, one in content.items())
    if kind == "NS":
        return sum(map(_number_size, content))
    return sum(map(_text_size, content))


@lru_cache(maxsize=65536)
def _number_size(text: str) -> int:
    """One byte, and one for each two significant digits; one more for a negative number."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    return 1 + (len(digits) + 1) // 2 + text.startswith("-")


def write_units(size: int) -> int:
    """Units of a plain write of an item of this size."""
    return max(1, -(-size // WRITE_UNIT))


def read_units(size: int, *, consistent: bool) -> float:
    """Units of reading this many bytes at once."""
    units = max(1, -(-size // READ_UNIT))
    return units if consistent else units / 2
