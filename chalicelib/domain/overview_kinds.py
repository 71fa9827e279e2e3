"""How an overview is sorted, and what it says ends. Apart from `overview`, so that cold starts don't load what makes one."""

from typing import Final, Literal

OverviewSort = Literal["name", "balance", "value", "margin", "short_on"]
OVERVIEW_SORTS: Final[tuple[OverviewSort, ...]] = ("name", "balance", "value", "margin", "short_on")
PackageSort = Literal["name", "assignments", "units", "value", "margin"]
PACKAGE_SORTS: Final[tuple[PackageSort, ...]] = ("name", "assignments", "units", "value", "margin")
WhatEnds = Literal["assignment", "terms"]
