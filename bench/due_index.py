"""What the service is compared with: the design with an index of next due dates, written as its users would.

An assignment holds `status` and `next_due`, and an index has both as its keys, so that a query finds what is due without
reading the rest. For each due assignment, three conditional writes: claim it, so that no other worker charges it; record
the charge; move `next_due` on and release it. Charges have an index by due date, for the invoices of a day.
"""

from datetime import date
from typing import Any, Final, NamedTuple

from tests.world.dynamodb import DynamoDb

Item = dict[str, Any]


def _schema(pk: str, sk: str) -> list[dict[str, str]]:
    return [{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]


def _with_index(name: str, pk: str, sk: str, projection: str) -> dict[str, Any]:
    index = {"IndexName": name, "KeySchema": _schema(pk, sk), "Projection": {"ProjectionType": projection}}
    return {"KeySchema": _schema("pk", "sk"), "GlobalSecondaryIndexes": [index]}


TABLES: Final = {
    "assignments": _with_index("due", "status", "next_due", "KEYS_ONLY"),
    "charges": _with_index("by_date", "due_date", "sk", "KEYS_ONLY"),
}
_BY_STATUS: Final = {"#status": "status", "#next_due": "next_due"}


class DueIndex(NamedTuple):
    """The design, on a client."""

    client: Any

    def evaluate(self, day: date) -> int:
        """Charge what is due; how many charges that were."""
        due = self._due(day)
        for key in due:
            self._claim(key)
            self._record(key, day)
            self._release(key, date(day.year + day.month // 12, day.month % 12 + 1, day.day))
        return len(due)

    def _due(self, day: date) -> list[Item]:
        values = {":active": {"S": "active"}, ":first": {"S": "0"}, ":day": {"S": day.isoformat()}}
        arguments: dict[str, Any] = {
            "TableName": "assignments", "IndexName": "due", "ExpressionAttributeNames": _BY_STATUS, "ExpressionAttributeValues": values,
            "KeyConditionExpression": "#status = :active AND #next_due BETWEEN :first AND :day",
        }  # fmt: skip
        found: list[Item] = []
        while True:
            page = self.client.query(**arguments)
            found += [{"pk": item["pk"], "sk": item["sk"]} for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return found
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _claim(self, key: Item) -> None:
        self.client.update_item(
            TableName="assignments", Key=key, UpdateExpression="SET #status = :charging", ConditionExpression="#status = :active",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":charging": {"S": "charging"}, ":active": {"S": "active"}},
        )  # fmt: skip

    def _record(self, key: Item, day: date) -> None:
        charge = {"pk": key["pk"], "sk": {"S": f"{day}#{key['sk']['S']}"}, "due_date": {"S": day.isoformat()}, "retail": {"N": "9.95"}}
        self.client.put_item(
            TableName="charges", Item=charge, ConditionExpression="attribute_not_exists(#pk)", ExpressionAttributeNames={"#pk": "pk"}
        )

    def _release(self, key: Item, following: date) -> None:
        values = {":charging": {"S": "charging"}, ":active": {"S": "active"}, ":following": {"S": following.isoformat()}}
        self.client.update_item(
            TableName="assignments", Key=key, UpdateExpression="SET #status = :active, #next_due = :following",
            ConditionExpression="#status = :charging", ExpressionAttributeNames=_BY_STATUS, ExpressionAttributeValues=values,
        )  # fmt: skip


def write_units_a_charge(day: date, assignments: int = 300) -> float:
    """What it consumes."""
    store = DynamoDb(TABLES)
    for number in range(assignments):
        key = {"pk": {"S": f"{number // 10:026}"}, "sk": {"S": f"{number:026}"}}
        store.put_item(TableName="assignments", Item=key | {"status": {"S": "active"}, "next_due": {"S": day.isoformat()}})
    store.meter.write_units = 0
    charges = DueIndex(store).evaluate(day)
    return store.meter.write_units / charges
