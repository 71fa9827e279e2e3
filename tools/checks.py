"""What a check of a deployment found: one line each, and an exit status by all of them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from botocore.exceptions import ClientError

OK: Final = "ok"
FAILED: Final = "failed"
NOT_PROVEN: Final = "not proven here"
NOT_ALLOWED: Final = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")
NOT_THERE: Final = ("InvalidAction", "UnknownOperationException", "NotImplemented", "UnsupportedOperation", "NotFoundException")
"""What an emulator answers when it lacks an operation."""


class Finding(NamedTuple):
    """What a check found; `detail` says what was seen, or what to do."""

    status: str
    check: str
    detail: str

    def line(self) -> str:
        return f"{self.status:<15}  {self.check:<22}  {self.detail}"


class Failed(Exception):
    """A check that failed; the message says what was seen, and what to do."""


class NotProven(Exception):
    """A check that could not be made; the message says why, and what else to do."""


def found(check: str, look: Callable[[], str]) -> Finding:
    """What a check found. `look` answers what it saw, or raises `Failed` or `NotProven`. Raises nothing."""
    try:
        return Finding(OK, check, look())
    except Failed as error:
        return Finding(FAILED, check, str(error))
    except NotProven as error:
        return Finding(NOT_PROVEN, check, str(error))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return Finding(NOT_PROVEN if code in NOT_ALLOWED + NOT_THERE else FAILED, check, str(error))
    except Exception as error:  # noqa: BLE001 - one check that breaks stops no other, and no cleaning up
        return Finding(FAILED, check, f"{type(error).__name__}: {error}")


def told(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, each printed as soon as it is there."""
    for one in findings:
        print(one.line(), flush=True)
        yield one


def status(findings: Iterable[Finding]) -> int:
    """The exit status: 1 when a check failed. What is not proven fails nothing."""
    return int(any(one.status == FAILED for one in findings))
