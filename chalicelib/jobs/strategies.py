"""How each kind of long work is done. What a kind needs is loaded when there is work of it, not in cold starts."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from .. import ids
from ..domain.work import WorkKind, WorkRecord
from ..usecases.request_context import RequestContext, Services
from ..usecases.work import Strategy
from ..wire import jsontext

if TYPE_CHECKING:
    from ..usecases.staged_imports import ImportForms


def strategy_of(services: Services, context: RequestContext, found: WorkRecord) -> Strategy:
    """How a work is done in an invocation."""
    return _STRATEGIES[found.kind](services, context, found)


def _export(services: Services, _: RequestContext, found: WorkRecord) -> Strategy:
    from ..usecases import exports
    from ..wire import export_views
    from ..wire.customer_views import customer_view

    forms = exports.ExportForms(
        export_views.export_heading, export_views.export_line, export_views.ledger_row, customer_view,
        export_views.exported_assignment, export_views.exported_package,
    )  # fmt: skip
    return exports.export_strategy(services, found, forms)


def _audit(services: Services, _: RequestContext, found: WorkRecord) -> Strategy:
    from ..usecases import audits
    from ..wire.audit_views import finding_view

    return audits.AuditStrategy(services, found, audits.AuditForms(finding_view, jsontext.json_line))


def _forecasting(services: Services, _: RequestContext, found: WorkRecord) -> Strategy:
    from ..usecases import overviews
    from ..usecases.forecasts_of_all import ForecastOfAll

    return (overviews.OverviewStrategy if overviews.OVERVIEW in found.asked else ForecastOfAll)(services, found)


def _simulation(services: Services, _: RequestContext, found: WorkRecord) -> Strategy:
    from ..usecases.simulations import KeptSimulation

    return KeptSimulation(services, found)


def _reconciling(services: Services, _: RequestContext, found: WorkRecord) -> Strategy:
    from ..usecases import reconciliations
    from ..wire.reconciliation_views import discrepancy_view

    forms = reconciliations.ReconciliationForms(discrepancy_view, jsontext.json_line)
    return reconciliations.ReconciliationStrategy(services, found, forms)


def _reindex(services: Services, _: RequestContext, found: WorkRecord) -> Strategy:
    from ..usecases.reindexing import ReindexStrategy

    return ReindexStrategy(services, found, jsontext.json_line)


def _replay(services: Services, _: RequestContext, found: WorkRecord) -> Strategy:
    from ..usecases import replays
    from . import streams

    return replays.ReplayStrategy(services, found, replays.ReplayForms(streams.bus_event_of, jsontext.json_line))


def _import(services: Services, context: RequestContext, found: WorkRecord) -> Strategy:
    from ..usecases.staged_imports import ImportStrategy

    return ImportStrategy(services, context, found, _import_forms())


def _import_forms() -> "ImportForms":
    from ..usecases.staged_imports import ImportForms
    from ..wire import import_rows, views

    return ImportForms(
        import_rows.staged_rows, import_rows.packages_of, import_rows.customers_of, import_rows.assignments_of, ids.nth_after,
        views.warnings_view, jsontext.json_line,
    )  # fmt: skip


def _undoing(services: Services, context: RequestContext, found: WorkRecord) -> Strategy:
    from ..usecases.staged_imports import undo_strategy

    return undo_strategy(services, context, found, _import_forms())


def _change(services: Services, context: RequestContext, found: WorkRecord) -> Strategy:
    from ..usecases import changes
    from ..wire.change_views import change_of

    kinds: Mapping[str, Callable[..., Strategy]] = {
        "change": changes.ChangeDryRun, "change_application": changes.ChangeApplication, "change_undo": changes.ChangeUndo,
    }  # fmt: skip
    return kinds[found.kind](services, context, found, change_of(found), changes.ChangeForms(jsontext.json_line, ids.derived))


_STRATEGIES: Final[Mapping[WorkKind, Callable[[Services, RequestContext, WorkRecord], Strategy]]] = {
    "export": _export,
    "audit": _audit,
    "forecast": _forecasting,
    "simulation": _simulation,
    "reconciliation": _reconciling,
    "reindex": _reindex,
    "replay": _replay,
    "import_check": _import,
    "import": _import,
    "import_undo_check": _undoing,
    "import_undo": _undoing,
    "change": _change,
    "change_application": _change,
    "change_undo": _change,
}
