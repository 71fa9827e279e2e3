"""What an edit may change of an assignment, and until when (rules: Editing an assignment; Replacement and transfer)."""

from datetime import date

from .assignment import Assignment, has_ended
from .errors import Conflict
from .schedule import DAY


def first_end_date(today: date, open_day: date) -> date:
    """The first day that an end date may be set to: the eve of the first open day, but not before today."""
    return max(today, open_day - DAY)


def moved_fields(old: Assignment, new: Assignment) -> list[str]:
    """The fields that say from when it is charged, as far as they differ."""
    return [name for name in ("start_date", "charge_from") if getattr(old, name) != getattr(new, name)]


def changed_setup_prices(old: Assignment, new: Assignment) -> list[str]:
    """Its own setup prices, as far as they differ."""
    return [name for name in ("setup_cost", "setup_retail") if getattr(old, name) != getattr(new, name)]


def demand_changeable(old: Assignment, new: Assignment, today: date, open_day: date) -> None:
    """Raise `Conflict` replaced, charged or ended for a change that comes too late."""
    moved = moved_fields(old, new)
    if (old.replaces or old.replaced_by) and "start_date" in moved:
        why = f"it replaces assignment {old.replaces}" if old.replaces else f"it is replaced by assignment {old.replaced_by}"
        raise Conflict(f"{why}, so its start date can't change", code="replaced", fields=["start_date"])
    if moved and old.charged:
        raise Conflict(f"{' and '.join(moved)} can't change once something is charged", code="charged", fields=moved)
    setup = changed_setup_prices(old, new)
    if setup and new.start_date < open_day:
        raise Conflict(f"{' and '.join(setup)} can't change once the start date is evaluated", code="charged", fields=setup)
    if new.end_date != old.end_date:
        _demand_end_changeable(old, new, today, open_day)


def _demand_end_changeable(old: Assignment, new: Assignment, today: date, open_day: date) -> None:
    first = first_end_date(today, open_day)
    if has_ended(old, first):
        detail = "the assignment is cancelled" if old.cancelled else f"it ended on {old.end_date}, which can't change any more"
        raise Conflict(detail, code="ended")
    demand_not_replaced(old, open_day)
    if new.end_date is not None and new.end_date < first:
        raise Conflict(f"an end date can't be set before {first}: earlier days are past or evaluated", code="ended", today=str(today))


def demand_not_replaced(old: Assignment, open_day: date) -> None:
    """Raise `Conflict` replaced while another assignment is to take its place on an open day. What a transfer has cancelled would have
    begun with its start date."""
    if not old.replaced_by:
        return
    eve = old.start_date - DAY if old.cancelled else old.end_date
    if eve and eve >= open_day - DAY:
        raise replaced_refusal(old)


def replaced_refusal(old: Assignment) -> Conflict:
    """Why an assignment that is replaced by another one can't be changed."""
    return Conflict(f"it is replaced by assignment {old.replaced_by}: delete that one first", code="replaced", replaced_by=old.replaced_by)
