"""What is wrong with a field, in a caller's words: pydantic's own sentences name Python's types, and our classes."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic_core import ErrorDetails

NO_SENTENCE: Final = "is not as the description of the API (/docs) says"

Context = Mapping[str, Any]


def fault_sentence(detail: ErrorDetails) -> str:
    """The sentence of a fault; `NO_SENTENCE` for one of a kind that has none yet."""
    return _SENTENCES.get(detail["type"], _said(NO_SENTENCE))(detail.get("ctx", {}))


def _said(text: str) -> Callable[[Context], str]:
    return lambda _: text


def _at_least(ctx: Context) -> str:
    least = ctx["min_length"]
    return "must not be empty" if least == 1 else f"must have at least {least} characters"


_SENTENCES: Final[Mapping[str, Callable[[Context], str]]] = {
    "value_error": lambda ctx: str(ctx["error"]),
    "extra_forbidden": _said("is not a field"),
    "missing": _said("is required"),
    "bool_type": _said("must be true or false"),
    "int_type": _said("must be a whole number"),
    "string_type": _said("must be text"),
    "list_type": _said("must be a list"),
    "model_type": _said("must be an object"),
    "literal_error": lambda ctx: f"must be {ctx['expected'].replace(chr(39), '')}",
    "greater_than_equal": lambda ctx: f"must be at least {ctx['ge']:,}",
    "less_than_equal": lambda ctx: f"must be at most {ctx['le']:,}",
    "string_too_short": _at_least,
    "string_too_long": lambda ctx: f"must have at most {ctx['max_length']} characters",
    "too_short": lambda ctx: f"must have at least {ctx['min_length']}",
    "too_long": lambda ctx: f"must have at most {ctx['max_length']}, not {ctx['actual_length']}",
}
