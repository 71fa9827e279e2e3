"""What was told of a customer's features, in `accounts` behind the assignments, where a sweep reads it anyway."""

from contextlib import suppress
from datetime import date

from ..domain.features import FeatureState
from . import keys
from .db import Action, Db, Item, remove, update
from .errors import ConditionFailed
from .keys import ACCOUNTS, FEATURE_PREFIX


def is_feature(item: Item) -> bool:
    """Whether an item of `accounts` is what was told of a feature."""
    return str(item["sk"]).startswith(FEATURE_PREFIX)


def feature_from_item(item: Item) -> FeatureState:
    """What an item of `accounts` says of a feature."""
    return FeatureState(item["sk"].removeprefix(FEATURE_PREFIX), item["enabled"], date.fromisoformat(item["day"]))


def states_told(db: Db, customer_id: str) -> list[FeatureState]:
    """All that was told of a customer's features."""
    condition, values = "#pk = :pk AND begins_with(#sk, :prefix)", {"pk": customer_id, "prefix": FEATURE_PREFIX}
    return [feature_from_item(item) for item in db.query_all(ACCOUNTS, condition, values)]


def keep_feature(db: Db, customer_id: str, state: FeatureState) -> FeatureState | None:
    """Keep a state before it is told; what is kept then. Another worker may have kept one of the same day."""
    key, values = keys.feature_key(customer_id, state.name), {"enabled": state.enabled, "day": state.day.isoformat()}
    change, condition = "SET #enabled = :enabled, #day = :day", "attribute_not_exists(#day) OR #day < :day"
    with suppress(ConditionFailed):
        return feature_from_item(db.write(update(ACCOUNTS, key, change, condition=condition, values=values)))
    stands = db.get(ACCOUNTS, key)
    return feature_from_item(stands) if stands else None


def forget_feature(customer_id: str, state: FeatureState) -> Action:
    """Remove a state that nobody has changed since it was read."""
    return remove(ACCOUNTS, keys.feature_key(customer_id, state.name), condition="#day = :day", values={"day": state.day.isoformat()})
