"""Domain errors for callers that are no HTTP clients."""

import json

from ..domain.errors import BillingError
from ..wire.problem_views import problem_fields


class Refused(Exception):
    """A bad event. Its message is JSON: `code`, `detail`, and for bad fields `errors`, as over HTTP."""

    def __init__(self, error: BillingError) -> None:
        super().__init__(json.dumps({"code": error.code, "detail": error.detail, **problem_fields(error)}))
