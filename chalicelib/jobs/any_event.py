"""What Chalice gives to the function of the schedule, which is invoked by hand too."""

from typing import Any

from chalice.app import BaseLambdaEvent


class AnyEvent(BaseLambdaEvent):
    """An event as it came: Chalice's own class demands the schedule's fields and dies of any other event."""

    def _extract_attributes(self, event_dict: dict[str, Any]) -> None:
        """Take nothing out; `to_dict` has it all."""
