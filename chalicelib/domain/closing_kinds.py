"""What closing a customer makes of an assignment, as answers name it."""

from typing import Literal

Becomes = Literal["ended", "removed", "cancelled", "ends_already", "refused"]
"""Ended on a day; removed or cancelled before it begins; left, because it ends by then, or because something keeps it from that."""
