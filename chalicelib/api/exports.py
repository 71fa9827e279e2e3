"""`/exports`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from .. import deployment
from ..wire import answers
from .access import READ
from .call import Answer, Call
from .posting_days import posting_days
from .routing import get, post

if TYPE_CHECKING:
    from ..usecases.exports import FoundExport

blueprint = Blueprint(__name__)


@post(blueprint, "/exports", READ)
def request_export(call: Call) -> Answer[answers.Export]:
    """Have an export made of all customers."""
    from ..usecases import exports  # not in cold starts
    from ..wire.work_bodies import ExportBody

    body = call.body(ExportBody)
    days = posting_days(body.posted_from, body.posted_to) if body.posted_from and body.posted_to else None
    asked = exports.ExportRequest(body.what, body.format, deployment.configuration().time_zone, days)
    made = exports.request_export(call.services, call.context, asked)
    return Answer(_view(call, exports.FoundExport(made, [])), 202, {"Location": f"exports/{made.work_id}"})


@get(blueprint, "/exports/{work_id}")
def read_export(call: Call) -> Answer[answers.Export]:
    """An export: how far it is, and its files once it is finished."""
    from ..usecases import exports  # not in cold starts

    return Answer(_view(call, exports.read_export(call.services.db, call.params["work_id"])))


def _view(call: Call, found: FoundExport) -> answers.Export:
    from ..storage.work import RESULT_DAYS  # not in cold starts
    from ..wire.export_views import export_view

    objects = call.services.objects
    return export_view(found.work, found.files, lambda file: objects().link(file.key, file.name), RESULT_DAYS, call.context.at)
