"""How an overview is sorted, and what it says ends. Apart from `overview`, so that cold starts don't load what makes one."""

from typing import Final, Literal

OverviewSort = Literal["name", "balance", "value", "margin", "short_on"]
OVERVIEW_SORTS: Final[tuple[OverviewSort, ...]] = ("name", "balance", "value", "margin", "short_on")
WhatEnds = Literal["assignment", "terms"]
