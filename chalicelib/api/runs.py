"""`/runs`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint

from ..domain.errors import Conflict, Malformed
from ..domain.record import RunRecord
from ..domain.report import Outcome
from ..storage.db import Db
from ..storage.lines import Position
from ..wire import answers, csv_out, fields, views
from ..wire.bodies import KeepableSimulationBody, RunBody, SimulationBody
from .access import CHARGE, READ
from .call import Answer, Call, Sent
from .formats import CSV, CSV_ROWS_MAX, HTML, report_page
from .query import LIST, Parameter
from .routing import action, get, run_route

blueprint = Blueprint(__name__)
_REPORT = {CSV: csv_out.report_csv, HTML: report_page}


def _is_live(sent: Sent, _query: Mapping[str, Any]) -> bool | None:
    """Whether a run is live; None when its body doesn't say, and will be refused for that. A simulation stores nothing."""
    try:
        return not fields.parse_simulate(sent.json.get("simulate", True)) if isinstance(sent.json, dict) else None
    except ValueError:
        return None


@run_route(blueprint, "/runs", READ, CHARGE, live=_is_live, forms=_REPORT)
def run(call: Call) -> Answer[answers.AnyReport]:
    """Run Package: simulate, or post, what is due on one date."""
    body = call.body(RunBody)
    if body.simulate:
        return Answer(_simulation(call, body))
    from ..usecases.runs import limits, requests  # not in cold starts

    request = body.request(call.context.today, call.context.id)
    done, work_result = requests.run_request(call.services, call.context, request, limits.REQUEST_LIMITS)
    shown = views.recorded_run_view(done)
    if done.record.state == "running":
        return Answer(shown, 202, {"Location": f"runs/{done.record.run_id}"})
    return Answer(shown, work_result=work_result)


def _is_kept(sent: Sent, _query: Mapping[str, Any]) -> bool:
    """Whether a simulation is work, of which a record is written. One that will be refused is none."""
    return isinstance(sent.json, dict) and bool(sent.json.get("keep"))


@run_route(blueprint, "/runs/simulations", READ, live=_is_kept, forms=_REPORT)
def simulate(call: Call) -> Answer[answers.KeptSimulation | answers.AnySimulation]:
    """Run Package, simulated: what would be posted on one date. Never live, so that a policy can allow it alone."""
    body = call.body(KeepableSimulationBody)
    if not body.keep:
        return Answer(_simulation(call, body))
    from ..usecases.simulations import request_simulation  # not in cold starts

    made = request_simulation(call.services, call.context, body.request(call.context.today, call.context.id))
    return Answer(_kept(call, made.work_id), 202, {"Location": f"simulations/{made.work_id}"})


@get(blueprint, "/runs/simulations/{work_id}")
def read_simulation(call: Call) -> Answer[answers.KeptSimulation]:
    """A kept simulation of all customers: how far it is, and what a live run would post once it is finished."""
    return Answer(_kept(call, call.params["work_id"]))


@get(blueprint, "/runs/simulations/{work_id}/customers", LIST)
def list_simulated_customers(call: Call) -> Answer[answers.Page[answers.KeptCustomer]]:
    """What a kept simulation would charge each customer, those with the largest retail first."""
    from ..usecases.simulations import kept_page  # not in cold starts
    from ..wire.simulation_views import kept_customer_view

    work_id = call.params["work_id"]
    return call.page(
        f"simulation {work_id} customers",
        lambda after, limit: kept_page(call.services, call.context, work_id, after, limit),
        lambda one: kept_customer_view(*one),
    )


@get(blueprint, "/runs/simulations/{work_id}/lines", {"customer": Parameter(fields.identifier), **LIST})
def list_simulated_lines(call: Call) -> Answer[answers.Page[answers.KeptCharge]]:
    """The charges of a kept simulation, by customer: what a live run would do with each."""
    from ..usecases.simulations import lines_page, plan_page  # not in cold starts
    from ..wire.simulation_views import kept_charge_view

    work_id, customer = call.params["work_id"], call.query.get("customer")
    scope = f"simulation {work_id} lines {customer or ''}"
    if customer is None:
        return call.page(
            scope, lambda after, limit: lines_page(call.services, call.context, work_id, after, limit), lambda one: kept_charge_view(*one)
        )
    return call.page(
        scope,
        lambda after, limit: plan_page(call.services, call.context, (work_id, customer), after, limit),
        lambda one: kept_charge_view(*one),
        skipping=True,
    )


def _kept(call: Call, work_id: str) -> answers.KeptSimulation:
    from ..usecases.simulations import read_simulation  # not in cold starts
    from ..wire.simulation_views import kept_simulation_view

    return kept_simulation_view(*read_simulation(call.services, call.context, work_id))


def _simulation(call: Call, body: SimulationBody) -> answers.AnySimulation:
    """A simulation; as CSV it lists everything, or nothing."""
    from ..usecases.runs import limits, requests  # not in cold starts

    most = CSV_ROWS_MAX if call.form == CSV else None
    request = body.request(call.context.today, call.context.id)
    found = requests.simulate_request(call.services.db, call.context, request, most, limits.REQUEST_LIMITS)
    return views.simulation_view(found, most)


@get(blueprint, "/runs", LIST)
def list_runs(call: Call) -> Answer[answers.Page[answers.Run]]:
    """Live runs, newest first."""
    from ..usecases.runs import reports  # not in cold starts

    db, load = call.services.db, reports.runs_page
    return call.page("runs", lambda after, limit: load(db, after, limit), lambda found: _record(db, found))


def _record(db: Db, found: RunRecord) -> answers.Run:
    from ..usecases.runs import reports  # not in cold starts

    return views.run_record_view(found, reports.so_far(db, found))


@get(blueprint, "/runs/{run_id}", forms={CSV: csv_out.lines_csv, HTML: report_page})
def read_run(call: Call) -> Answer[answers.AnyRun] | Answer[answers.Page[answers.Line]]:
    """A live run: how far it is, and its report once it is finished; as CSV all its lines, and only once it is finished."""
    from ..usecases.runs import reports, requests  # not in cold starts

    found = reports.read_run(call.services.db, call.params["run_id"])
    if call.form != CSV:
        return Answer(views.recorded_run_view(requests.recorded_run(call.services.db, found)))
    if found.state == "running":
        raise Conflict("the run is under way; it has all its lines when it is finished", code="in_progress")
    return list_run_lines(call)


@get(blueprint, "/runs/{run_id}/lines", LIST, forms={CSV: csv_out.lines_csv})
def list_run_lines(call: Call) -> Answer[answers.Page[answers.Line]]:
    """The lines of a live run."""
    from ..usecases.runs import reports  # not in cold starts

    run_id = call.params["run_id"]

    def load(after: Any, limit: int) -> tuple[list[Outcome], Any]:
        lines, last = reports.list_lines(call.services.db, run_id, _position(after), limit)
        return lines, last and {name: str(value) for name, value in last._asdict().items()}

    return call.page(f"lines {run_id}", load, views.line_view)


def _position(after: Any) -> Position | None:
    """What a cursor says. Raises `Malformed`."""
    try:
        return Position(after["item"], int(after["number"]), int(after["offset"])) if after else None
    except (KeyError, ValueError) as error:
        raise Malformed("the cursor was not given by this list") from error


@action(blueprint, "/runs/{run_id}/reversal", CHARGE)
def reverse_run(call: Call) -> Answer[answers.AnyReversal]:
    """Post the opposite of each charge of a live Run Package, once. Of all customers, or of many lines, it goes on in the queue."""
    from ..usecases.runs import reports, reversal  # not in cold starts

    run_id = call.params["run_id"]
    done = reversal.reverse(call.services, call.context, run_id)
    if done.is_queued:
        return Answer(_record(call.services.db, reports.read_run(call.services.db, run_id)), 202, {"Location": f"../{run_id}"})
    return Answer(views.reversal_view(done))
