"""What callers read, field by field. `views` makes these answers, CSV has a column for each field, OpenAPI a schema.

The order of the fields is the order of the columns: of several bases, those of the first come first. A module of them is loaded when
one of its answers is first asked for: annotations, which stay unread, name nearly all of them, and a request needs few.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .audit import *  # noqa: F403 - one namespace: answers.Package
    from .changes import *  # noqa: F403
    from .closing import *  # noqa: F403
    from .common import *  # noqa: F403
    from .customers import *  # noqa: F403
    from .events import *  # noqa: F403
    from .forecast import *  # noqa: F403
    from .forecast_of_all import *  # noqa: F403
    from .history import *  # noqa: F403
    from .imports import *  # noqa: F403
    from .ledger import *  # noqa: F403
    from .outlook import *  # noqa: F403
    from .overview import *  # noqa: F403
    from .packages import *  # noqa: F403
    from .problems import *  # noqa: F403
    from .reconciliation import *  # noqa: F403
    from .runs import *  # noqa: F403
    from .settings import *  # noqa: F403
    from .simulations import *  # noqa: F403
    from .statement import *  # noqa: F403
    from .usage import *  # noqa: F403
    from .work import *  # noqa: F403

_MODULES: Final = (
    "common", "packages", "customers", "ledger", "runs", "usage", "history", "problems", "work", "events", "statement", "forecast",
    "overview", "outlook", "simulations", "imports", "changes", "closing", "settings", "audit", "reconciliation", "forecast_of_all",
)  # fmt: skip
"""Those asked for most often first."""


def __getattr__(name: str) -> Any:
    for module in _MODULES:
        found = getattr(import_module(f"{__name__}.{module}"), name, None)
        if found is not None:
            globals()[name] = found
            return found
    raise AttributeError(f"there is no answer {name}")
