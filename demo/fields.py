"""Reads a YAML file that people edit: text only, every mistake answered with its place and field.

Scalars stay text (YAML's base schema), so that an amount such as 0.9875 never passes through a float.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml


class BadProviderError(ValueError):
    """The provider file can't be used; the text names the place, the field and what is wrong."""


def read_fields(path: Path) -> "Fields":
    """The file's top-level mapping; `BadProviderError` when it isn't YAML or no mapping."""
    try:
        return Fields(yaml.load(path.read_text(encoding="utf-8"), Loader=_TextLoader), path.name)  # noqa: S506
    except yaml.YAMLError as error:
        raise BadProviderError(f"{path.name} is not YAML: {error}") from error


class Fields:
    """One mapping of the file: fields are taken out by kind, and what is left over is refused."""

    def __init__(self, raw: object, where: str) -> None:
        if not isinstance(raw, Mapping):
            raise BadProviderError(f"{where}: expected `field: value` pairs")
        self._raw, self._where = dict(raw), where

    def _take(self, field: str, kind: type) -> Any:
        value = self._raw.pop(field, None)
        if not isinstance(value, kind):
            raise BadProviderError(f"{self._where}: {field} is {'not of the right form' if value else 'missing'}")
        return value

    def text(self, field: str, default: str | None = None) -> str:
        """Text as written; missing without a default is an error."""
        return default if default is not None and not self.has(field) else str(self._take(field, str))

    def has(self, field: str) -> bool:
        """Whether the field stands there and was not taken yet."""
        return field in self._raw

    def names(self) -> list[str]:
        """The fields that were not taken yet, in their order."""
        return list(self._raw)

    def optional(self, field: str) -> str | None:
        """Text, or None when the field is missing."""
        return self.text(field) if self.has(field) else None

    def mapping(self, field: str) -> Mapping[str, object]:
        """A mapping, its values not looked at yet."""
        return dict(self._take(field, dict))

    def sequence(self, field: str) -> Sequence[object]:
        """A list, its items not looked at yet."""
        return list(self._take(field, list))

    def fields(self, field: str) -> "Fields":
        """A mapping to be read field by field."""
        return Fields(self.mapping(field), f"{self._where} {field}")

    def amount(self, field: str, default: str | None = None) -> Decimal:
        """An exact amount, of whatever currency its surroundings name."""
        text = self.text(field, default)
        try:
            return Decimal(text)
        except InvalidOperation as error:
            raise BadProviderError(f"{self._where}: {field} is no amount: {text}") from error

    def optional_amount(self, field: str) -> Decimal | None:
        """An exact amount, or None when the field is missing or `null`."""
        if self._raw.get(field) == "null":
            self.text(field)
            return None
        return self.amount(field) if self.has(field) else None

    def whole(self, field: str, default: str) -> int:
        """A whole number >= 0."""
        text = self.text(field, default)
        if not (text.isascii() and text.isdigit()):
            raise BadProviderError(f"{self._where}: {field} is no whole number: {text}")
        return int(text)

    def flag(self, field: str) -> bool:
        """`true` or `false`; missing is false."""
        text = self.text(field, "false")
        if text not in ("true", "false"):
            raise BadProviderError(f"{self._where}: {field} is true or false")
        return text == "true"

    def day(self, field: str) -> date:
        """A calendar date, `YYYY-MM-DD`."""
        text = self.text(field)
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise BadProviderError(f"{self._where}: {field} is no date (YYYY-MM-DD): {text}") from error

    def optional_day(self, field: str) -> date | None:
        """A calendar date, or None when the field is missing."""
        return self.day(field) if self.has(field) else None

    def finish(self) -> None:
        """Refuse what nobody took: a mistyped field must not be silently ignored."""
        if self._raw:
            raise BadProviderError(f"{self._where}: unknown field {', '.join(self._raw)}")


class _TextLoader(yaml.BaseLoader):
    """Every scalar is text, and a key written twice is refused instead of silently won by the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise BadProviderError(f"line {key.start_mark.line + 1}: {key.value} stands there twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)
