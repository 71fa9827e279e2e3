"""`/work`"""

from __future__ import annotations

from typing import get_args

from chalice.app import Blueprint

from ..domain.errors import MayNotWrite
from ..domain.work import APPLIED_KINDS, WorkKind
from ..usecases import work
from ..wire import answers
from ..wire.work_views import work_view
from .access import READ, WRITE_SCOPE
from .call import Answer, Call
from .query import LIST, OneOf, Parameter
from .routing import action, delete, get

blueprint = Blueprint(__name__)


@get(blueprint, "/work", {"kind": Parameter(OneOf(get_args(WorkKind))), **LIST})
def list_work(call: Call) -> Answer[answers.Page[answers.Work]]:
    """Long work, newest first. A page of one `kind` may have fewer items than its limit, and more behind it."""
    kind = call.query.get("kind")
    return call.page("work", lambda after, limit: work.works_page(call.services.db, kind, after, limit), work_view)


@get(blueprint, "/work/{work_id}")
def read_work(call: Call) -> Answer[answers.Work]:
    """Long work: how far it is."""
    return Answer(work_view(work.read_work(call.services.db, call.params["work_id"])))


@action(blueprint, "/reindex", WRITE_SCOPE)
def request_reindex(call: Call) -> Answer[answers.Work]:
    """Have everything that stood before found by words and ends, once after an update."""
    from ..usecases.reindexing import request_reindex as request  # not in cold starts

    made = request(call.services, call.context)
    return Answer(work_view(made), 202, {"Location": f"work/{made.work_id}"})


@delete(blueprint, "/work/{work_id}", READ)
def cancel_work(call: Call) -> Answer[answers.Work]:
    """Stop what has not begun of long work."""
    found = work.read_work(call.services.db, call.params["work_id"])
    if found.kind in APPLIED_KINDS and not call.may_write:
        raise MayNotWrite("this work changes what is sold, so who stops it needs the scope of who may begin it")
    work.turns.cancel_work(call.services, call.context, found)
    return Answer(work_view(work.read_work(call.services.db, found.work_id)))
