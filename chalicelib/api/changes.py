"""`/changes`"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from chalice.app import Blueprint

from ..wire import answers
from ..wire.jsontext import Number
from .access import READ, WRITE_SCOPE
from .call import Answer, Call
from .formats import CSV, listed_items_as_csv
from .query import LIST, OFF, Parameter
from .routing import action, get, post

blueprint = Blueprint(__name__)
_ITEMS: Final[Mapping[str, Parameter]] = {"refused": OFF, **LIST}


@post(blueprint, "/changes", READ)
def request_change(call: Call) -> Answer[answers.Change]:
    """Have a change of many tried: who is met, who can't be changed and why, and what the next 31 days would bring more or less."""
    from ..usecases import changes  # not in cold starts
    from ..wire.change_bodies import ChangeBody

    change = call.body(ChangeBody).change()
    made = changes.request_change(call.services, call.context, change, json.dumps(_plain(call.json)))
    return _begun(call, made.work_id)


@get(blueprint, "/changes/{work_id}")
def read_change(call: Call) -> Answer[answers.Change]:
    """A change, its application or its undo: how far it is, and what it met once it is finished."""
    return Answer(_view(call, call.params["work_id"]))


@get(blueprint, "/changes/{work_id}/items", _ITEMS, forms={CSV: listed_items_as_csv})
def list_changed_items(call: Call) -> Answer[answers.Page[answers.ListedItem]]:
    """All that a change, its application or its undo has met: those that can be changed, or were, or those that can't be, or were not."""
    from ..usecases import changes
    from ..wire.change_views import listed_item

    work_id, refused = call.params["work_id"], call.query["refused"]
    return call.page(
        f"change {work_id} {refused}",
        lambda after, limit: changes.items_of_change(call.services, call.context, work_id, refused=refused, after=after, limit=limit),
        listed_item,
    )


@action(blueprint, "/changes/{work_id}/application", WRITE_SCOPE)
def apply_change(call: Call) -> Answer[answers.Change]:
    """Change exactly what the dry run has seen."""
    from ..usecases import changes

    return _begun(call, changes.request_application(call.services, call.context, call.params["work_id"]).work_id, "../")


@action(blueprint, "/changes/{work_id}/undo", WRITE_SCOPE)
def undo_change(call: Call) -> Answer[answers.Change]:
    """Put back what an application has changed, while its day lies ahead."""
    from ..usecases import changes
    from ..wire.change_views import change_of

    work_id = call.params["work_id"]
    change = change_of(changes.find_change(call.services.db, work_id))
    return _begun(call, changes.request_undo(call.services, call.context, work_id, change).work_id, "../")


def _plain(value: Any) -> Any:
    """JSON with numbers that are not whole as text, in which they stay exact."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _begun(call: Call, work_id: str, up: str = "changes/") -> Answer[answers.Change]:
    return Answer(_view(call, work_id), 202, {"Location": f"{up}{work_id}"})


def _view(call: Call, work_id: str) -> answers.Change:
    from ..usecases import changes
    from ..wire.change_views import change_view

    return change_view(*changes.read_change(call.services, call.context, work_id))
