"""`/settings`: what the deployment is set to."""

from __future__ import annotations

from chalice.app import Blueprint

from .. import deployment
from ..domain.events import EVENT_TYPES, chosen_types
from ..wire import answers
from ..wire.customer_views import balance_notice_view
from .call import Answer, Call
from .routing import get

blueprint = Blueprint(__name__)


@get(blueprint, "/settings")
def read_settings(_call: Call) -> Answer[answers.Settings]:
    """What billing people need to know of the deployment's variables: what is told to others, and when."""
    configured = deployment.configuration()
    told = chosen_types(configured.event_types)
    thresholds = sorted(configured.thresholds.items())
    return Answer({
        "time_zone": configured.time_zone,
        "default_currency": configured.default_currency,
        "allow_future": configured.allow_future,
        "max_lines_per_customer": configured.max_lines_per_customer,
        "call_retention_days": configured.call_retention.days,
        "history_days": configured.history_retention.days,
        "event_types": [one for one in EVENT_TYPES if one in told],
        "notice_days": list(configured.notices.upcoming),
        "term_notice_days": list(configured.notices.term),
        "default_balance_notices": [
            {"currency": currency, "balance_notices": [balance_notice_view(one) for one in some]} for currency, some in thresholds
        ],
    })  # fmt: skip
