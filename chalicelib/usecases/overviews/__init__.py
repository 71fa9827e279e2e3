"""The overview: a forecast of all customers that is made by itself after each daily run, with what customers bring in a month, what ends
soon, and lists of customers in several orders.

`beginning` has it made, `strategy` makes it, `rows` says how its results are written, `reading` reads them.
"""

from .beginning import OVERVIEW, begin_overview, overview_id
from .reading import OverviewAsked, OverviewPackagesAsked, ending_page, overview_page, packages_page, prices_page, read_overview
from .strategy import OverviewStrategy

__all__ = [
    "OVERVIEW",
    "OverviewAsked",
    "OverviewPackagesAsked",
    "OverviewStrategy",
    "begin_overview",
    "ending_page",
    "overview_id",
    "overview_page",
    "packages_page",
    "prices_page",
    "read_overview",
]
