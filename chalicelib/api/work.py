"""`/work`"""

from chalice.app import Blueprint

from ..usecases import work
from ..wire import answers
from ..wire.export_views import work_view
from .access import READ
from .call import Answer, Call
from .query import LIST
from .routing import delete, get

blueprint = Blueprint(__name__)


@get(blueprint, "/work", LIST)
def list_work(call: Call) -> Answer[answers.Page[answers.Work]]:
    """Long work, newest first."""
    return call.page("work", lambda after, limit: work.works_page(call.services.db, after, limit), work_view)


@get(blueprint, "/work/{work_id}")
def read_work(call: Call) -> Answer[answers.Work]:
    """Long work: how far it is."""
    return Answer(work_view(work.read_work(call.services.db, call.params["work_id"])))


@delete(blueprint, "/work/{work_id}", READ)
def cancel_work(call: Call) -> Answer[answers.Work]:
    """Stop what has not begun of long work."""
    found = work.read_work(call.services.db, call.params["work_id"])
    work.turns.cancel_work(call.services, call.context, found)
    return Answer(work_view(work.read_work(call.services.db, found.work_id)))
