"""Whether variables say what the functions can read: told while packaging, not by the first request after a deployment."""

import re
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.api import access
from chalicelib.domain.currencies import DECIMALS
from chalicelib.domain.events import chosen_types
from chalicelib.domain.low_balance import default_thresholds
from chalicelib.domain.notice_days import DISTANCE_MAX, DISTANCES_MAX, days_before

Check = Callable[[str], bool]

_DAYS = f"up to {DISTANCES_MAX} different whole numbers from 1 to {DISTANCE_MAX}, separated by spaces, like 7 1,"
_YES_OR_NO = ("true", "false", "yes", "no", "1", "0")


def _is_zone(value: str) -> bool:
    try:
        return ZoneInfo(value) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _is_roles(value: str) -> bool:
    try:
        return access.roles(value) is not None
    except ValueError:
        return False


def _is_types(value: str) -> bool:
    try:
        return chosen_types(value) is not None
    except ValueError:
        return False


def _are_days(value: str) -> bool:
    try:
        return days_before(value) is not None
    except ValueError:
        return False


def _is_positive(value: str) -> bool:
    return value.isascii() and value.isdigit() and int(value) > 0


def _are_thresholds(value: str) -> bool:
    try:
        found = default_thresholds(value)
    except ValueError:
        return False
    return all(currency in DECIMALS and len({one.below for one in some}) == len(some) <= 5 for currency, some in found.items())


_CHECKS: Mapping[str, tuple[Check, str]] = {
    "BILLING_TIMEZONE": (_is_zone, "the IANA name of a time zone, like Europe/Berlin"),
    "DEFAULT_CURRENCY": (lambda value: value in DECIMALS, "the code of a currency, like EUR"),
    "AUTH_ROLES_CLAIM": (lambda value: re.fullmatch(r"[!-~]*", value) is not None, "the name of a claim, like cognito:groups"),
    "AUTH_ROLES": (_is_roles, "a table like clerks=billing:read billing:write, owners=billing:charge"),
    "ALLOW_FUTURE": (lambda value: value.lower() in _YES_OR_NO, "true or false"),
    "SWEEP_SEGMENTS": (_is_positive, "a whole number from 1"),
    "MAX_LINES_PER_CUSTOMER": (_is_positive, "a whole number from 1"),
    "CALL_RETENTION_DAYS": (_is_positive, "a whole number from 1"),
    "HISTORY_DAYS": (_is_positive, "a whole number from 1"),
    "SERVE_DOCS": (lambda value: value.lower() in _YES_OR_NO, "true or false"),
    "EVENT_TYPES": (_is_types, "default, all, or types of events like payment.recorded charge.held"),
    "NOTICE_DAYS": (_are_days, _DAYS),
    "TERM_NOTICE_DAYS": (_are_days, _DAYS),
    "BALANCE_NOTICES": (_are_thresholds, "thresholds a currency, like USD:20/50 EUR:20/50;5"),
    "OVERVIEW": (lambda value: value.lower() in _YES_OR_NO, "true or false"),
}


def faults(variables: Mapping[str, str]) -> list[str]:
    """What is wrong with the values, a variable each."""
    idle = bool(variables["AUTH_ROLES"]) and not variables["AUTH_ROLES_CLAIM"]
    return ["AUTH_ROLES needs AUTH_ROLES_CLAIM"] * idle + [
        f"{name}={variables[name]}: {wanted} is needed"
        for name, (is_right, wanted) in _CHECKS.items()
        if not is_right(variables[name])
    ]  # fmt: skip
