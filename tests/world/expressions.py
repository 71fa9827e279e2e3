"""DynamoDB's expressions, as far as `chalicelib.storage` writes them; anything else is refused as invalid.

Each text is parsed once into closures over `Scope`: an item and the names and values that the call gave.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, NamedTuple

Value = dict[str, Any]
"""A typed value: `{"S": "text"}`."""
Item = Mapping[str, Value]

_TOKEN = re.compile(r"\s*([#:]\w+|\w+|<=|>=|[=<>(),+\-])")
_KEY_CONDITION = re.compile(r"#(\w+) = :(\w+)(?: AND (?:begins_with\(#(\w+), :(\w+)\)|#(\w+) BETWEEN :(\w+) AND :(\w+)))?")
MOST_DIGITS = 38
_CONTEXT = Context(prec=MOST_DIGITS)
_CLAUSES = ("SET", "REMOVE", "ADD")


class InvalidExpression(Exception):
    """What DynamoDB answers as ValidationException."""


class Scope(NamedTuple):
    """What an expression is evaluated on."""

    item: Item
    names: Mapping[str, str]
    values: Mapping[str, Value]

    def attribute(self, token: str) -> Value | None:
        """The attribute that `#name` stands for."""
        return self.item.get(self.names[token])


Operand = Callable[[Scope], Value | None]
Condition = Callable[[Scope], bool]
Change = Callable[[Scope], Value]


class Update(NamedTuple):
    """A parsed update: what `#name` is set to or has added, and which are removed."""

    sets: tuple[tuple[str, Change], ...]
    removes: tuple[str, ...]


class KeyCondition(NamedTuple):
    """The hash attribute and its value's token; for the range attribute an operator and its values' tokens."""

    hash_name: str
    hash_value: str
    range_name: str | None
    operator: str | None
    range_values: tuple[str, ...]


def used_tokens(*texts: str | None) -> set[str]:
    """The `#names` and `:values` that expressions use."""
    return {token for text in texts if text for token in _tokens(text) if token[0] in "#:"}


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[str, ...]:
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise InvalidExpression(f"Invalid expression: syntax error near {text[position:]!r}")
        found.append(match.group(1))
        position = match.end()
    return tuple(found)


class _Reader:
    """Tokens, one after the other."""

    def __init__(self, text: str) -> None:
        self._tokens: Iterator[str] = iter(_tokens(text))
        self.ahead: str | None = next(self._tokens, None)

    def take(self, *wanted: str) -> str:
        token = self.ahead
        if token is None or (wanted and token not in wanted):
            raise InvalidExpression(f"Invalid expression: {token!r} where {wanted or 'more'} was expected")
        self.ahead = next(self._tokens, None)
        return token

    def take_kind(self, sign: str) -> str:
        token = self.take()
        if token[0] != sign:
            raise InvalidExpression(f"Invalid expression: {token!r} is no {sign} token")
        return token

    def skip(self, token: str) -> bool:
        if self.ahead == token:
            self.take()
            return True
        return False

    def end(self) -> None:
        if self.ahead is not None:
            raise InvalidExpression(f"Invalid expression: {self.ahead!r} is too much")


@lru_cache(maxsize=4096)
def condition(text: str) -> Condition:
    """A condition or filter."""
    reader = _Reader(text)
    parsed = _either(reader)
    reader.end()
    return parsed


def _either(reader: _Reader) -> Condition:
    parts = [_both(reader)]
    while reader.skip("OR"):
        parts.append(_both(reader))
    return parts[0] if len(parts) == 1 else lambda scope: any(part(scope) for part in parts)


def _both(reader: _Reader) -> Condition:
    parts = [_single(reader)]
    while reader.skip("AND"):
        parts.append(_single(reader))
    return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) for part in parts)


def _single(reader: _Reader) -> Condition:
    if reader.skip("("):
        inner = _either(reader)
        reader.take(")")
        return inner
    if reader.ahead in ("attribute_exists", "attribute_not_exists"):
        return _existence(reader)
    if reader.ahead == "begins_with":
        raise InvalidExpression("begins_with is for key conditions here")
    left = _operand(reader)
    operator = reader.take("=", "<", "<=", ">", ">=")
    right = _operand(reader)
    return lambda scope: compare(left(scope), operator, right(scope))


def _existence(reader: _Reader) -> Condition:
    wanted = reader.take() == "attribute_exists"
    reader.take("(")
    name = reader.take_kind("#")
    reader.take(")")
    return lambda scope: (scope.attribute(name) is not None) == wanted


def _operand(reader: _Reader) -> Operand:
    token = reader.take()
    if token[0] == "#":
        return lambda scope: scope.attribute(token)
    if token[0] == ":":
        return lambda scope: scope.values[token]
    raise InvalidExpression(f"Invalid expression: {token!r} is no operand")


def plain(value: Value) -> Any:
    """What a typed value is compared by."""
    ((kind, content),) = value.items()
    return Decimal(content) if kind == "N" else content


def compare(left: Value | None, operator: str, right: Value | None) -> bool:
    """A comparison; of missing or differently typed operands it is false."""
    if left is None or right is None or left.keys() != right.keys():
        return False
    one, other = plain(left), plain(right)
    if operator == "=":
        return bool(one == other)
    below = {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}
    return bool(below[operator])


@lru_cache(maxsize=4096)
def update(text: str) -> Update:
    """An update expression: SET, REMOVE, ADD."""
    reader = _Reader(text)
    sets: list[tuple[str, Change]] = []
    removes: list[str] = []
    seen: set[str] = set()
    while reader.ahead is not None:
        clause = reader.take(*_CLAUSES)
        if clause in seen:
            raise InvalidExpression(f"Invalid UpdateExpression: The {clause} section can only be used once")
        seen.add(clause)
        _clause(reader, clause, sets, removes)
    written = [name for name, _ in sets] + removes
    if not written or len(written) != len(set(written)):
        raise InvalidExpression("Invalid UpdateExpression: Two document paths overlap with each other")
    return Update(tuple(sets), tuple(removes))


def _clause(reader: _Reader, clause: str, sets: list[tuple[str, Change]], removes: list[str]) -> None:
    while True:
        name = reader.take_kind("#")
        if clause == "REMOVE":
            removes.append(name)
        elif clause == "ADD":
            sets.append((name, _addition(name, reader.take_kind(":"))))
        else:
            reader.take("=")
            sets.append((name, _right_side(reader)))
        if not reader.skip(","):
            return


def _right_side(reader: _Reader) -> Change:
    left = _settable(reader)
    if reader.ahead not in ("+", "-"):
        return left
    operator = reader.take()
    right = _settable(reader)
    return lambda scope: arithmetic(left(scope), operator, right(scope))


def _settable(reader: _Reader) -> Change:
    if reader.skip("if_not_exists"):
        reader.take("(")
        name = reader.take_kind("#")
        reader.take(",")
        fallback = _existing(_operand(reader))
        reader.take(")")
        return lambda scope: scope.attribute(name) or fallback(scope)
    return _existing(_operand(reader))


def _existing(operand: Operand) -> Change:
    def change(scope: Scope) -> Value:
        found = operand(scope)
        if found is None:
            raise InvalidExpression("The provided expression refers to an attribute that does not exist in the item")
        return found

    return change


def _addition(name: str, token: str) -> Change:
    def change(scope: Scope) -> Value:
        added, standing = scope.values[token], scope.attribute(name)
        if "N" in added:
            return arithmetic(standing or {"N": "0"}, "+", added)
        ((kind, members),) = added.items()
        if kind not in ("NS", "SS"):
            raise InvalidExpression("Incorrect operand type for operator or function; operator: ADD")
        return {kind: sorted({*members, *(standing or {kind: []})[kind]})}

    return change


def arithmetic(left: Value, operator: str, right: Value) -> Value:
    """The sum or difference of two numbers, with the 38 digits of DynamoDB."""
    if "N" not in left or "N" not in right:
        raise InvalidExpression("An operand in the update expression has an incorrect data type")
    one, other = Decimal(left["N"]), Decimal(right["N"])
    return {"N": number(str(_CONTEXT.add(one, other) if operator == "+" else _CONTEXT.subtract(one, other)))}


def number(text: str) -> str:
    """A number as DynamoDB gives it back: no superfluous zeros, no exponent."""
    if len(text) <= MOST_DIGITS and text.lstrip("-").isdigit() and (text[0] != "0" or text == "0") and text[:2] != "-0":
        return text
    exact = Decimal(text).normalize(Context(prec=len(text)))
    if not exact:
        return "0"
    if len(exact.as_tuple().digits) > MOST_DIGITS:
        raise InvalidExpression("Attempting to store more than 38 significant digits in a Number")
    spelled = format(exact, "f")
    return spelled.rstrip("0").rstrip(".") if "." in spelled else spelled


@lru_cache(maxsize=4096)
def key_condition(text: str) -> KeyCondition:
    """A key condition: the hash key, and the range key's prefix or bounds."""
    match = _KEY_CONDITION.fullmatch(text)
    if match is None:
        raise InvalidExpression(f"Invalid KeyConditionExpression: {text}")
    name, value, prefix_name, prefix, range_name, low, high = match.groups()
    if prefix_name:
        return KeyCondition(name, f":{value}", prefix_name, "begins_with", (f":{prefix}",))
    if range_name:
        return KeyCondition(name, f":{value}", range_name, "BETWEEN", (f":{low}", f":{high}"))
    return KeyCondition(name, f":{value}", None, None, ())
