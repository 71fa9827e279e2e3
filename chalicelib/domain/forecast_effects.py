"""What changes that are only tried do to a customer (rules: Forecast)."""

from typing import Final, Literal, get_args

from .report import Totals

Effect = Literal["pays_more", "pays_less", "falls_below_cost"]
EFFECTS: Final[tuple[Effect, ...]] = get_args(Effect)


def effects_of(now: Totals, before: Totals | None) -> list[Effect]:
    """What the changes do to a customer whose sums would be `before` without them; nothing where none are tried."""
    if before is None:
        return []
    below_cost = now.retail < now.cost and before.retail >= before.cost
    applies = now.retail > before.retail, now.retail < before.retail, below_cost
    return [effect for effect, found in zip(EFFECTS, applies, strict=True) if found]
