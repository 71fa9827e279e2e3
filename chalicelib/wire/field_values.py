"""Values of fields as JSON has them: money and dates as text."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar, cast

from ..domain import money

T = TypeVar("T")


def iso(value: date | None) -> str | None:
    """A date as JSON has it."""
    return value.isoformat() if value else None


def fields_of(kind: type[T], source: Any, **computed: Any) -> T:
    """The fields of an answer as `source` has them by the same names, but for those that are computed."""
    names: Mapping[str, Any] = kind.__annotations__
    return cast(T, {name: computed[name] if name in computed else json_value(getattr(source, name)) for name in names})


def json_value(value: Any) -> Any:
    """A field's value as JSON has it."""
    if isinstance(value, Decimal):
        return money.text(value)
    if type(value) is tuple:
        return [json_value(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
