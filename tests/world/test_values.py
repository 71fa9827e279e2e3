"""Values on their way into DynamoDB and back, held against boto3's own table of kinds."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.storage.db import decode, encode

WIDEST = Decimal("99999999999999999999.999999999999999999")
NUMBERS = st.integers(-(10**38) + 1, 10**38 - 1) | st.decimals(-WIDEST, WIDEST, places=6, allow_nan=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text() | st.binary() | st.sets(st.integers(0, 10**6), min_size=1),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.text(min_size=1), parts, max_size=4),
    max_leaves=12,
)


def as_boto3_reads(item: dict[str, Any]) -> dict[str, Any]:
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


@given(VALUES)
def test_what_is_written_is_read_back_and_boto3_reads_the_same(value: Any) -> None:
    written = encode({"value": value})
    assert decode(written) == {"value": value} == as_boto3_reads(written)


@given(VALUES)
def test_what_boto3_writes_is_read(value: Any) -> None:
    assert decode({"value": TypeSerializer().serialize(value)}) == {"value": value}


@pytest.mark.parametrize(
    "digits",
    ["99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001", "12345678901234567890.123456789012345678"],
    ids=["whole", "smallest", "mixed"],
)
def test_38_digits_stay_as_they_are(digits: str) -> None:
    written = encode({"amount": Decimal(digits)})
    assert written == {"amount": {"N": digits}}
    assert format(decode(written)["amount"], "f") == digits


@pytest.mark.parametrize("value", [0.1, [0.1], ("a",), object()], ids=["float", "float inside", "tuple", "object"])
def test_what_items_do_not_hold_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        encode({"value": value})
