"""`/reconciliations`"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Blueprint

from ..domain.discrepancy_kinds import DISCREPANCY_KINDS
from ..wire import answers
from .access import READ
from .call import Answer, Call
from .formats import CSV, HTML, discrepancies_as_csv, reconciliation_as_csv, reconciliation_page
from .query import LIST, OPTIONAL_DAY, OneOf, Parameter
from .routing import get, list_route

if TYPE_CHECKING:
    from ..domain.reconciliation import ListedNumber

blueprint = Blueprint(__name__)
_OF_KIND: Final[Mapping[str, Parameter]] = {"kind": Parameter(OneOf(DISCREPANCY_KINDS)), **LIST}


@list_route(blueprint, "/reconciliations", READ, {"date": OPTIONAL_DAY})
def request_reconciliation(call: Call) -> Answer[answers.Reconciliation]:
    """Have the numbers that the carrier lists compared with those that are billed on a day, today unless told otherwise."""
    from ..usecases import reconciliations  # not in cold starts
    from ..wire.reconciliation_views import reconciliation_view

    day = call.query.get("date", call.context.today)
    made = reconciliations.request_reconciliation(call.services, call.context, day, _listed(call))
    return Answer(reconciliation_view(*made), 202, {"Location": f"reconciliations/{made.work.work_id}"})


@get(blueprint, "/reconciliations/{work_id}", forms={CSV: reconciliation_as_csv, HTML: reconciliation_page})
def read_reconciliation(call: Call) -> Answer[answers.Reconciliation]:
    """A reconciliation: how far it is, and what differs once it is finished."""
    from ..usecases import reconciliations  # not in cold starts
    from ..wire.reconciliation_views import reconciliation_view

    return Answer(reconciliation_view(*reconciliations.read_reconciliation(call.services, call.context, call.params["work_id"])))


@get(blueprint, "/reconciliations/{work_id}/discrepancies", _OF_KIND, forms={CSV: discrepancies_as_csv})
def list_discrepancies(call: Call) -> Answer[answers.Page[answers.Discrepancy]]:
    """What differs, of one kind or of all, by number."""
    from ..usecases import reconciliations  # not in cold starts

    work_id, kind = call.params["work_id"], call.query.get("kind")
    return call.page(
        f"reconciliation {work_id} {kind or ''}",
        lambda after, limit: reconciliations.discrepancies_page(call.services, call.context, work_id, kind, after, limit),
        _as_written,
    )


def _listed(call: Call) -> Iterator[tuple[str, ListedNumber]]:
    """The numbers of the file. Raises, after the last one, `InvalidRows`."""
    from ..domain.reconciliation import ListedNumber
    from ..wire import csv_in  # not in cold starts
    from ..wire.work_bodies import CarrierNumber

    for row, one in csv_in.read_list(call.csv or "", CarrierNumber, "did"):
        yield one.did, ListedNumber(row, one.cost, one.currency or call.services.default_currency, one.customer_id)


def _as_written(row: Any) -> answers.Discrepancy:
    """A discrepancy as it was written."""
    discrepancy: answers.Discrepancy = row
    return discrepancy
