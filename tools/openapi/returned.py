"""What an operation answers, as the return type of its view says it."""

from collections.abc import Callable
from types import NoneType
from typing import Any, Final, NamedTuple, get_args, get_origin, get_type_hints

from chalicelib.api.call import Answer
from chalicelib.wire import answers

JSON_TEXT: Final = dict[str, Any]
"""What a text is whose media type is JSON."""


class Returned(NamedTuple):
    """`kind` is the type of the JSON answer; None if there is none. `may_be_empty`: sometimes there is none."""

    kind: Any
    may_be_empty: bool = False


def returned(view: Callable[..., Any], *, as_json: bool = True) -> Returned:
    """What a view answers. Of several answers the first is the one in JSON; a text that is sent `as_json` holds an object."""
    hint = get_type_hints(view)["return"]
    first = hint if get_origin(hint) is Answer else get_args(hint)[0]
    (kind,) = get_args(first)
    if kind is NoneType:
        return Returned(None)
    if kind is str:
        return Returned(JSON_TEXT if as_json else str)
    present = [one for one in get_args(kind) if one is not NoneType]
    if NoneType in get_args(kind) and len(present) == 1:
        return Returned(present[0], may_be_empty=True)
    return Returned(kind)


def page_item(kind: Any) -> Any:
    """The type of the items of a page; None of what is no page."""
    return get_args(kind)[0] if get_origin(kind) is answers.Page else None
