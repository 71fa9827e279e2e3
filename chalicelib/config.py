"""The only reader of the environment. Read late, at the first request: tests and the packager import before it is set."""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from .domain.low_balance import DefaultThresholds, default_thresholds
from .domain.notice_days import NoticeDays, days_before
from .storage.keys import TABLES

_YES: Final = ("1", "true", "yes")


class Config(NamedTuple):
    """The settings of a deployment; docs/reference/variables.md lists the variables with their defaults."""

    tables: Mapping[str, str]
    queue_url: str
    usage_queue_url: str
    work_queue_url: str
    apply_queue_url: str
    results_bucket: str
    retry_seconds: int
    time_zone: str
    default_currency: str
    auth_mode: str
    auth_issuer: str
    auth_audiences: frozenset[str]
    auth_scope_prefix: str
    auth_roles_claim: str
    auth_roles: str
    auth_client_id: str
    auth_client_scopes: str
    auth_origins: tuple[str, ...]
    allow_future: bool
    segments: int
    max_lines_per_customer: int
    call_retention: timedelta
    history_retention: timedelta
    thresholds: DefaultThresholds
    serve_docs: bool
    overview: bool
    notices: NoticeDays
    event_bus: str
    event_types: str
    tell_dead_letters_url: str
    raise_untold: bool
    events_file: str

    @property
    def zone(self) -> ZoneInfo:
        """The billing time zone."""
        return ZoneInfo(self.time_zone)


def read_config(environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration that the environment spells."""
    return Config(
        tables={name: environment.get(f"{name.upper()}_TABLE", f"packages-billing-{name}") for name in TABLES},
        queue_url=environment.get("POST_CHARGES_QUEUE_URL", ""),
        usage_queue_url=environment.get("RECORD_USAGE_QUEUE_URL", ""),
        work_queue_url=environment.get("DO_WORK_QUEUE_URL", ""),
        apply_queue_url=environment.get("APPLY_WORK_QUEUE_URL", ""),
        results_bucket=environment.get("RESULTS_BUCKET", ""),
        retry_seconds=int(environment.get("RETRY_SECONDS") or 10),
        time_zone=environment.get("BILLING_TIMEZONE") or "UTC",
        default_currency=environment.get("DEFAULT_CURRENCY") or "USD",
        auth_mode=environment.get("AUTH_MODE") or "iam",
        auth_issuer=environment.get("AUTH_ISSUER", ""),
        auth_audiences=frozenset(environment.get("AUTH_AUDIENCE", "").split()),
        auth_scope_prefix=environment.get("AUTH_SCOPE_PREFIX", ""),
        auth_roles_claim=environment.get("AUTH_ROLES_CLAIM", ""),
        auth_roles=environment.get("AUTH_ROLES", ""),
        auth_client_id=environment.get("AUTH_CLIENT_ID", ""),
        auth_client_scopes=environment.get("AUTH_CLIENT_SCOPES", ""),
        auth_origins=tuple(environment.get("AUTH_ORIGINS", "").split()),
        allow_future=environment.get("ALLOW_FUTURE", "").lower() in _YES,
        segments=int(environment.get("SWEEP_SEGMENTS") or 64),
        max_lines_per_customer=int(environment.get("MAX_LINES_PER_CUSTOMER") or 20_000),
        call_retention=timedelta(days=int(environment.get("CALL_RETENTION_DAYS") or 400)),
        history_retention=timedelta(days=int(environment.get("HISTORY_DAYS") or 3650)),
        thresholds=default_thresholds(environment.get("BALANCE_NOTICES", "")),
        serve_docs=(environment.get("SERVE_DOCS") or "true").lower() in _YES,
        event_bus=environment.get("EVENT_BUS", ""),
        event_types=environment.get("EVENT_TYPES") or "default",
        tell_dead_letters_url=environment.get("TELL_DEAD_LETTERS_URL", ""),
        events_file=environment.get("EVENTS_FILE", ""),
        raise_untold=environment.get("RAISE_UNTOLD", "").lower() in _YES,
        overview=environment.get("OVERVIEW", "true").lower() in _YES,
        notices=NoticeDays(*(days_before(environment.get(name, "")) for name in ("NOTICE_DAYS", "TERM_NOTICE_DAYS"))),
    )
