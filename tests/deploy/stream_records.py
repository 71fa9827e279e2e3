"""Records of the ledger's stream, handed to `tell` as Lambda does."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from chalicelib.domain.ledger import payment
from chalicelib.storage.db import encode
from chalicelib.storage.ledger import entry_item
from tests.api.support import unique
from tools.embedded import EmbeddedStack


def tell_of_a_payment(stack: EmbeddedStack, **image: Any) -> None:
    """It must be told or given up; `image` are attributes that the item has in place of its own."""
    entry = payment("c", "USD", Decimal(1), "bank", payment_id=unique(), at=datetime(2031, 1, 1, tzinfo=UTC), day=date(2031, 1, 1), by="x")
    record = {
        "eventSourceARN": f"arn:aws:dynamodb:us-east-1:000000000000:table/{stack.table_name('ledger')}/stream/now",
        "dynamodb": {"SequenceNumber": "1", "Keys": {}, "NewImage": encode(entry_item(entry)) | image},
    }
    assert stack.invoke("tell", {"Records": [record]}) == {"batchItemFailures": []}
