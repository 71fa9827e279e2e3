"""What boto3 raises, in the domain's errors: whoever calls is told to try again only where that may help."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from chalicelib.domain.errors import Contention, Throttled
from chalicelib.storage.errors import translated


def answered(status: int, code: str) -> ClientError:
    """An error as an answer of AWS with this status and code becomes it."""
    return ClientError({"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetItem")  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        pytest.param(answered(400, "ThrottlingException"), Throttled, id="busy"),
        pytest.param(answered(500, "InternalServerError"), Throttled, id="a passing fault of DynamoDB"),
        pytest.param(answered(500, "InternalFailure"), Throttled, id="a passing fault by another name"),
        pytest.param(answered(502, "502"), Throttled, id="a load balancer's answer, which has no code"),
        pytest.param(answered(503, "503"), Throttled, id="no code, unavailable"),
        pytest.param(answered(400, "TransactionConflictException"), Contention, id="another writer"),
        pytest.param(answered(400, "ValidationException"), ClientError, id="a defect here"),
        pytest.param(answered(400, "ResourceNotFoundException"), ClientError, id="a table that is not there"),
        pytest.param(EndpointConnectionError(endpoint_url="https://example"), Throttled, id="no connection"),
        pytest.param(ReadTimeoutError(endpoint_url="https://example"), Throttled, id="no answer in time"),
    ],
)
def test_what_may_pass_is_tried_again_and_a_defect_is_not(raised: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected), translated():
        raise raised
