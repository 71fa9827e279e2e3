"""AWS errors become the domain's, here and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from ..domain.errors import Contention, Malformed, Misconfigured, Throttled

CONDITION_FAILED = "ConditionalCheckFailed"
_BUSY = {
    "ProvisionedThroughputExceeded", "ProvisionedThroughputExceededException", "ThrottlingException", "ThrottlingError",
    "RequestLimitExceeded", "InternalServerError", "ServiceUnavailable",
}  # fmt: skip
_DENIED = {"AccessDeniedException", "AccessDenied"}
_RACING = {"TransactionConflict", "TransactionConflictException", "TransactionInProgressException"}


class ConditionFailed(Contention):
    """A conditional write found another state than the one it was planned on."""


class Cancelled(Contention):
    """A transaction that was not carried out. `reasons[n]` says why of its n-th action: a code, or None for no objection."""

    def __init__(self, reasons: list[str | None]) -> None:
        super().__init__("another writer changed it at the same time")
        self.reasons = reasons

    def failed(self, position: int) -> bool:
        """Whether the condition of the action at `position` did not hold."""
        return self.reasons[position] == CONDITION_FAILED


class IndexMissing(Exception):
    """An index that the table does not have, or not yet in full."""


@contextmanager
def translated(*, refusing_after: bool = False) -> Iterator[None]:
    """Raise `Contention`, `ConditionFailed`, `Cancelled` or `Throttled` in place of what boto3 raises for them.

    `refusing_after`: the call goes on after a caller's key, and an invalid call means that this key is none of the table's.
    """
    try:
        yield
    except ClientError as error:
        if refusing_after and error.response["Error"]["Code"] == "ValidationException":
            raise Malformed("the cursor was not given by this list") from error
        raise _translate(error) from error
    except (ConnectionError, HTTPClientError) as error:
        raise Throttled("the database does not answer; try again") from error


@contextmanager
def permitted(otherwise: str) -> Iterator[None]:
    """Raise `Misconfigured` with these words where the function's role does not allow a call."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _DENIED:
            raise Misconfigured(otherwise) from error
        raise


@contextmanager
def index_missing() -> Iterator[None]:
    """Raise `IndexMissing` where an index can't be read: the update of the stack that makes it, or takes it away, is under way."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationException":
            raise IndexMissing("the index is not there") from error
        raise


def _translate(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return ConditionFailed("another writer changed it at the same time")
    if code in _RACING:
        return Contention("another writer changed it at the same time")
    if code in _BUSY:
        return Throttled("the database is busy; try again")
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Throttled("the database does not answer; try again")
    if code == "TransactionCanceledException":
        return _cancelled(error)
    return error


def _cancelled(error: ClientError) -> Exception:
    """A cancelled transaction: busy if an action was throttled, broken if one was no valid action, else to be planned again."""
    codes = [reason.get("Code") for reason in error.response.get("CancellationReasons", ())]
    reasons = [None if code == "None" else code for code in codes]
    if any(code in _BUSY for code in reasons):
        return Throttled("the database is busy; try again")
    if any(code and code not in _RACING and code != CONDITION_FAILED for code in reasons):
        return error
    return Cancelled(reasons)
