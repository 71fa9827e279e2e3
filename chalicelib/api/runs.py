"""`/runs`"""

from typing import Any

from chalice.app import Blueprint

from ..domain.errors import Conflict, Malformed
from ..domain.run import Outcome
from ..storage.lines import Position
from ..usecases import reversal, run_package
from ..wire import fields, running, tables, views
from ..wire.bodies import RunBody, SimulationBody
from .access import CHARGE, READ
from .call import Answer, Call
from .formats import CSV, HTML, MOST_ROWS, report_page
from .query import LIST
from .routing import never, route

blueprint = Blueprint(__name__)


def _is_live(json: Any) -> bool | None:
    """Whether a run is live; None when its body doesn't say, and will be refused for that. A simulation stores nothing."""
    try:
        return not fields.simulate(json.get("simulate", True)) if isinstance(json, dict) else None
    except ValueError:
        return None


@route(blueprint, "POST", "/runs", scope=(READ, CHARGE), live=_is_live, forms={CSV: tables.report, HTML: report_page})
def run(call: Call) -> Answer:
    """Run Package: simulate, or post, what is due on one date."""
    ran = _ran(call, call.body(RunBody))
    if ran.under_way:
        return Answer(ran.answer, 202, {"Location": f"runs/{ran.under_way}"})
    return Answer(ran.answer, brought=ran.brought)


@route(blueprint, "POST", "/runs/simulations", scope=(READ,), live=never, forms={CSV: tables.report, HTML: report_page})
def simulate(call: Call) -> Answer:
    """Run Package, simulated: what would be posted on one date. Never live, so that a policy can allow it alone."""
    return Answer(_ran(call, call.body(SimulationBody)).answer)


def _ran(call: Call, body: RunBody) -> running.Ran:
    return running.run(call.services, call.act, body, MOST_ROWS if call.form == CSV else None, run_package.OF_A_REQUEST)


@route(blueprint, "GET", "/runs", parameters=LIST)
def list_runs(call: Call) -> Answer:
    """Live runs, newest first."""
    load = run_package.listed
    return call.page(
        "runs", lambda after, limit: load(call.services.db, after, limit), lambda found: running.summed_up(call.services, found)
    )


@route(blueprint, "GET", "/runs/{run_id}", forms={CSV: tables.lines, HTML: report_page})
def read_run(call: Call) -> Answer:
    """A live run: how far it is, and its report once it is finished; as CSV all its lines, and only once it is finished."""
    found = run_package.read(call.services.db, call.params["run_id"])
    if call.form != CSV:
        return Answer(running.told(call.services, found))
    if found.state == "running":
        raise Conflict("the run is under way; it has all its lines when it is finished", code="in_progress")
    return list_run_lines(call)


@route(blueprint, "GET", "/runs/{run_id}/lines", parameters=LIST, forms={CSV: tables.lines})
def list_run_lines(call: Call) -> Answer:
    """The lines of a live run."""
    run_id = call.params["run_id"]

    def load(after: Any, limit: int) -> tuple[list[Outcome], Any]:
        lines, last = run_package.lines(call.services.db, run_id, _position(after), limit)
        return lines, last and {name: str(value) for name, value in last._asdict().items()}

    return call.page(f"lines {run_id}", load, views.line)


def _position(after: Any) -> Position | None:
    """What a cursor says. Raises `Malformed`."""
    try:
        return Position(after["item"], int(after["number"]), int(after["offset"])) if after else None
    except (KeyError, ValueError) as error:
        raise Malformed("the cursor was not given by this list") from error


@route(blueprint, "POST", "/runs/{run_id}/reversal", body=False, scope=(CHARGE,))
def reverse_run(call: Call) -> Answer:
    """Post the opposite of each charge of a live Run Package, once. Of all customers, or of many lines, it goes on in the queue."""
    run_id = call.params["run_id"]
    done = reversal.reverse(call.services, call.act, run_id)
    if done.is_queued:
        return Answer(running.summed_up(call.services, run_package.read(call.services.db, run_id)), 202, {"Location": f"../{run_id}"})
    return Answer(views.reversal(done))
