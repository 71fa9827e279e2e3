"""What was told of the features that a customer has enabled, and what is to be told (rules: ConnexCS package, Notices).

Whether one is enabled is a state, so it is compared with what was told last, and not with the day before: an outage, or an assignment
that was entered later than it begins, loses nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from .history import Change, Plain, notice


class FeatureState(NamedTuple):
    """What was told of a feature last, and as of which evaluated day."""

    name: str
    enabled: bool
    day: date


def states_to_tell(told: Iterable[FeatureState], enabled: Iterable[str], passed: date, day: date) -> Iterator[FeatureState]:
    """The states of `day` that differ from what was told. One of a later day than the last evaluated one, `passed`, comes again as it is:
    whoever kept it may have ended before it was told."""
    before = {one.name: one for one in told}
    now = set(enabled)
    for name in sorted(now | before.keys()):
        state = before.get(name)
        if state is not None and state.day > passed:
            yield state
        if (state is None or state.day < day) and (name in now) != (state is not None and state.enabled):
            yield FeatureState(name, name in now, day)


def feature_notice(customer_id: str, state: FeatureState, *, customer_deleted: bool = False) -> Change:
    """Tells that a feature is enabled, or disabled. Its version grows with the days; when a customer is deleted, it is the last of the
    day."""
    fields: dict[str, Plain] = {"connexcs_package": state.name, "date": state.day.isoformat()}
    made = notice("feature.enabled" if state.enabled else "feature.disabled", f"{customer_id}~{state.name}", state.day, customer_id, fields)
    return made._replace(version=2 * state.day.toordinal() + customer_deleted)
