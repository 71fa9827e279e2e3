"""The event edge: the bodies of the scheduled, queue, stream and invoked functions. `app.py` holds the handlers themselves.

A module of it is imported when it is used first: the API's cold starts need none.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import functions, queue, streams

__all__ = ["functions", "queue", "streams"]


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f"{__name__}.{name}")
