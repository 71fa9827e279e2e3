"""The price lists of a package: read, enter, correct, remove."""

from collections.abc import Iterable
from datetime import date

from ..domain.assigning import BACKLOG_DATES_MAX, needs_confirmation
from ..domain.assignment import Assignment
from ..domain.errors import Conflict, MayNotCharge, NotFound, demand_open
from ..domain.package import Package, PriceList
from ..domain.price_lists import PriceLists, find_list, newly_due, owed_dates, with_list, without_list
from ..domain.schedule import DAY
from ..storage import progress
from ..storage.db import Action, Db
from ..storage.retry import retry_on_contention
from . import backlog
from .packages import demand_fitting, demand_version, read_package, while_open, write_change
from .request_context import RequestContext


def shown_on(db: Db, today: date, packages: Iterable[Package], assignments: Iterable[Assignment] = ()) -> date:
    """The day whose prices and terms are shown: the first open one. It is looked up only where it matters."""
    dated = any(one.price_lists for one in packages) or any(one.terms for one in assignments)
    return backlog.find_first_open_day(db, today) if dated else today


def read_price_lists(db: Db, context: RequestContext, package_id: str) -> PriceLists:
    """The lists of a package. Raises `NotFound`."""
    return PriceLists(read_package(db, package_id), backlog.find_first_open_day(db, context.today))


def write_price_list(
    db: Db, context: RequestContext, package_id: str, version: int | None, new: PriceList, *, correct: bool, confirm_backlog: bool = False
) -> PriceLists:
    """Enter a list, in place of one that begins on the same day; one that says the same already is left as it is. With `correct` it
    may begin on a day that is not open; what becomes due by that is posted by the next daily evaluation.

    Raises `NotOpen`, `Invalid`, `MayNotCharge`, or `Conflict` backlog, backlog_too_long.
    """

    def attempt() -> PriceLists:
        old = read_package(db, package_id)
        demand_version(old.version, version)
        first_open = backlog.find_first_open_day(db, context.today)
        changed = with_list(old, new._replace(entered_at=context.timestamp))
        if changed == old:
            return PriceLists(old, first_open, created=False)
        if not correct:
            demand_open(new.begins, first_open)
        demand_fitting(old, new.named)
        also = while_open(old, changed, new.begins)
        if new.begins < first_open:
            also = _owed(db, context, old, changed, new.begins, first_open, confirmed=confirm_backlog)
        created = find_list(old, new.begins) is None
        written = write_change(db, context, old, changed, also, "package.prices_written")
        return PriceLists(written, first_open, created)

    return retry_on_contention(attempt)


def remove_price_list(db: Db, context: RequestContext, package_id: str, version: int | None, begins: date) -> None:
    """Remove a list that begins on an open day. Raises `NotFound`, `NotOpen`."""

    def attempt() -> None:
        old = read_package(db, package_id)
        demand_version(old.version, version)
        found = find_list(old, begins)
        if found is None:
            raise NotFound(f"package {package_id} has no price list that begins on {begins}")
        demand_open(begins, backlog.find_first_open_day(db, context.today))
        changed = without_list(old, found, context.timestamp)
        write_change(db, context, old, changed, while_open(old, changed, begins), "package.prices_removed")

    retry_on_contention(attempt)


def _owed(db: Db, context: RequestContext, old: Package, new: Package, begins: date, first_open: date, *, confirmed: bool) -> list[Action]:
    """What has the assignments of a package looked at again from `begins` on, where a correction makes something due.

    One note does it for all of them: there may be more than one request can mark.
    """
    fields = newly_due(old, new, begins) if old.assignments else []
    if not fields:
        return []
    dates = owed_dates(new, fields, begins, first_open - DAY)
    if len(dates) > BACKLOG_DATES_MAX:
        detail = f"{len(dates)} due dates lie before {first_open}; at most {BACKLOG_DATES_MAX} can be charged at once: begin later"
        raise Conflict(detail, code="backlog_too_long", due_dates=len(dates))
    if not context.may_charge:
        raise MayNotCharge(f"the next daily evaluation might charge, for days from {begins} on, what was not due before")
    if needs_confirmation([begins, *dates[1:]], context.today) and not confirmed:
        raise Conflict(
            f"{' and '.join(fields)} might make something due on past or evaluated days, on up to {len(dates)} due dates of each of "
            f"{old.assignments} assignments; the next daily evaluation would charge it; confirm with confirm_backlog: true",
            code="backlog", fields=fields, due_dates=len(dates), assignments=old.assignments,
        )  # fmt: skip
    return progress.note_correction(progress.read_progress(db), old.package_id, begins, first_open)
