"""Run Package as callers ask for it and as it answers, over HTTP and invoked."""

from typing import NamedTuple

from ..domain.errors import Fault, Invalid
from ..domain.record import Brought, RunRecord
from ..usecases import run_all, run_package, summary
from ..usecases.act import Act, Services
from ..usecases.look import Ask
from ..usecases.run_package import UNLIMITED, Limits
from . import views
from .bodies import RunBody
from .views import Json


class Ran(NamedTuple):
    """The answer to a Run Package; `under_way` names a live run that goes on in the background, `brought` is what was posted."""

    answer: Json
    under_way: str | None = None
    brought: Brought | None = None


def run(services: Services, act: Act, body: RunBody, listed: int | None = None, limits: Limits = UNLIMITED) -> Ran:
    """Simulate or run; a simulation lists as much as ever, or `listed` lines or sums, and looks at a customer within `limits`.

    Raises `Invalid`, also for a live run of all customers that does not say what to do with charged lines."""
    if not body.simulate and body.customer is None and body.if_charged is None:
        raise Invalid([Fault("/if_charged", "is required for a live run of all customers: charge_again or skip")])
    day, if_charged = body.date or act.today, body.if_charged or "charge_again"
    ask = Ask(body.customer, day, if_charged, body.run_id or act.id, body.include_written_off)
    if body.simulate and ask.customer_id is None:
        return Ran(views.summary(run_all.simulate(services.db, act, ask, listed or run_all.LISTED_GROUPS)))
    if body.simulate:
        return Ran(views.report(run_package.simulate(services.db, act, ask, limits), listed or run_package.LISTED))
    done, brought = run_package.live(services, act, ask)
    return Ran(told(services, done), done.run_id if done.state == "running" else None, brought)


def told(services: Services, found: RunRecord) -> Json:
    """A live run: its record while it runs, with its report once it is finished."""
    record = summed_up(services, found)
    if found.kind == "daily" or found.state == "running":
        return record
    if found.customer_id is None:
        return record | views.summary(run_all.summary(services.db, found), found)
    return record | views.report(run_package.report(services.db, found))


def summed_up(services: Services, found: RunRecord) -> Json:
    """The record of a live run with its totals so far."""
    return views.run(found, summary.so_far(services.db, found))
