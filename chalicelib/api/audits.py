"""`/audits`"""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from ..domain.finding_kinds import FINDING_KINDS
from ..wire import answers
from .access import READ
from .call import Answer, Call
from .formats import CSV, findings_csv
from .query import LIST, OneOf, Parameter
from .routing import get, post

blueprint = Blueprint(__name__)


@post(blueprint, "/audits", READ)
def request_audit(call: Call) -> Answer[answers.Audit]:
    """Have what was due compared with what was posted, of all customers or of one."""
    from ..usecases import audits  # not in cold starts
    from ..wire.audit_views import audit_view
    from ..wire.work_bodies import AuditBody

    body = call.body(AuditBody)
    made = audits.request_audit(call.services, call.context, audits.AuditRequest(body.since, body.to, body.customer))
    return Answer(audit_view(made, None), 202, {"Location": f"audits/{made.work_id}"})


@get(blueprint, "/audits/{work_id}")
def read_audit(call: Call) -> Answer[answers.Audit]:
    """An audit: how far it is, and what was compared and found once it is finished."""
    from ..usecases import audits
    from ..wire.audit_views import audit_view

    return Answer(audit_view(*audits.read_audit(call.services, call.params["work_id"])))


@get(blueprint, "/audits/{work_id}/findings", {"finding": Parameter(OneOf(FINDING_KINDS)), **LIST}, forms={CSV: findings_csv})
def list_findings(call: Call) -> Answer[answers.Page[answers.AuditFinding]]:
    """What an audit found, all of it or findings of a kind: by kind, customer and ledger key; empty until it is finished."""
    from ..usecases import audits

    work_id, kind = call.params["work_id"], call.query.get("finding")
    return call.page(
        "/".join(["audits", work_id, *filter(None, [kind])]),
        lambda after, limit: audits.findings_page(call.services, work_id, kind, after, limit),
        _as_kept,
    )


def _as_kept(row: Any) -> answers.AuditFinding:
    """A finding as it was written."""
    finding: answers.AuditFinding = row
    return finding
