"""Domain errors for callers that are no HTTP clients."""

import json

from ..domain.errors import BillingError, Invalid


class Refused(Exception):
    """A bad event. Its message is JSON: `code`, `detail`, and for bad fields `errors`, as over HTTP."""

    def __init__(self, error: BillingError) -> None:
        told = {"code": error.code, "detail": error.detail, **error.extra}
        if isinstance(error, Invalid):
            told["errors"] = [fault._asdict() for fault in error.faults]
        super().__init__(json.dumps(told))
