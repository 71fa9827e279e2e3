"""Every table, index and key, and what each is asked for.

| table    | pk                      | sk                              | asked for                                         |
|----------|-------------------------|---------------------------------|---------------------------------------------------|
| catalog  | `PACKAGE`               | package id                      | a package; all packages, in order                 |
|          | `DID#` + did            | `HOLDS`                         | who has a DID, from when to when                  |
|          | `SETTINGS`              | `DEPLOYMENT`                    | the billing time zone that the tables are for     |
| accounts | customer id             | `ACCOUNT`                       | a customer; with its assignments in one query     |
|          | customer id             | `ASSIGNMENT#` + assignment id   | an assignment; swept by a parallel scan           |
|          | index `by_package`      | package, sk                     | who has a package (keys only)                     |
|          | index `customers`       | listed, pk                      | all customers, in order (keys only)               |
|          | index `minutes`         | minutes_of, sk                  | which assignments give minutes (sparse, keys only)|
| ledger   | customer id             | `date~kind~...`                 | a statement; one charge by its identity           |
|          | index `held`            | held_by, sk                     | held charges (sparse)                             |
| usage    | customer id             | `DAY#date`, `DID#did#date`      | the spend of a period                             |
|          | customer id             | `CALL#` + call id               | a call and its answer, until it expires           |
|          | customer id             | `BUCKET#assignment#day`         | the seconds used of a bucket begun that day       |
| runs     | `RUNS`                  | created at + run id             | runs, newest first                                |
|          | `RUN#` + run id         | `RUN`, `PLAN#...`, `LINES#...`  | a run, its plans, its lines                       |
|          |                         | `RESULT#...`, `SUMMARY`         | what its pieces brought, what it came to          |
|          | `PROGRESS`              | `count#segment`, `STARTED`      | how far each segment of the sweep is              |
|          | `IDEMPOTENCY#` + hash   | `REQUEST`                       | the answer to a request, for 7 days               |
"""

from datetime import date
from typing import Any, Final

from ..domain.minutes import BucketKey

Key = dict[str, str]

CATALOG: Final = "catalog"
ACCOUNTS: Final = "accounts"
LEDGER: Final = "ledger"
USAGE: Final = "usage"
RUNS: Final = "runs"

BY_PACKAGE: Final = "by_package"
CUSTOMERS: Final = "customers"
MINUTES: Final = "minutes"
HELD: Final = "held"

ACCOUNT_SK: Final = "ACCOUNT"
ASSIGNMENT_PREFIX: Final = "ASSIGNMENT#"
PACKAGE_PK: Final = "PACKAGE"
RUNS_PK: Final = "RUNS"
PROGRESS_PK: Final = "PROGRESS"
STARTED_SK: Final = "STARTED"
EXPIRES: Final = "expires"


def _schema(pk: str, sk: str) -> list[dict[str, str]]:
    return [{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]


def _table(indexes: dict[str, tuple[str, str, str]], **extra: Any) -> dict[str, Any]:
    """A table with keys pk and sk and string-keyed indexes `name: (hash, range, projection)`."""
    names = {"pk", "sk"} | {name for pk, sk, _ in indexes.values() for name in (pk, sk)}
    table: dict[str, Any] = {
        "KeySchema": _schema("pk", "sk"),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in sorted(names)],
    }
    if indexes:
        table["GlobalSecondaryIndexes"] = [
            {"IndexName": name, "KeySchema": _schema(pk, sk), "Projection": {"ProjectionType": projection}}
            for name, (pk, sk, projection) in indexes.items()
        ]
    return table | extra


TABLES: Final[dict[str, dict[str, Any]]] = {
    CATALOG: _table({}),
    ACCOUNTS: _table(
        {
            BY_PACKAGE: ("package", "sk", "KEYS_ONLY"),
            CUSTOMERS: ("listed", "pk", "KEYS_ONLY"),
            MINUTES: ("minutes_of", "sk", "KEYS_ONLY"),
        }
    ),
    LEDGER: _table(
        {HELD: ("held_by", "sk", "ALL")},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    ),
    USAGE: _table({}, TimeToLive=EXPIRES),
    RUNS: _table({}, TimeToLive=EXPIRES),
}
"""Logical name -> `create_table` arguments without name and billing mode; `TimeToLive` names the expiry attribute."""


def package(package_id: str) -> Key:
    """A package in `catalog`."""
    return {"pk": PACKAGE_PK, "sk": package_id}


def did_holds(did: str) -> Key:
    """Who holds a DID, in `catalog`."""
    return {"pk": f"DID#{did}", "sk": "HOLDS"}


def settings() -> Key:
    """What the tables were made for, in `catalog`."""
    return {"pk": "SETTINGS", "sk": "DEPLOYMENT"}


def account(customer_id: str) -> Key:
    """A customer in `accounts`."""
    return {"pk": customer_id, "sk": ACCOUNT_SK}


def assignment(customer_id: str, assignment_id: str) -> Key:
    """An assignment in `accounts`."""
    return {"pk": customer_id, "sk": ASSIGNMENT_PREFIX + assignment_id}


def entry(customer_id: str, key: str) -> Key:
    """A ledger entry."""
    return {"pk": customer_id, "sk": key}


def usage_day(customer_id: str, day: date | str, did: str | None) -> Key:
    """A day's totals in `usage`: the customer's, or those of one DID. Each has its days together, whatever others there are."""
    return {"pk": customer_id, "sk": f"DID#{did}#{day}" if did else f"DAY#{day}"}


def call(customer_id: str, call_id: str) -> Key:
    """A recorded call in `usage`."""
    return {"pk": customer_id, "sk": f"CALL#{call_id}"}


def bucket(customer_id: str, key: BucketKey) -> Key:
    """What is used of a bucket, in `usage`."""
    return {"pk": customer_id, "sk": f"BUCKET#{key.assignment_id}#{key.begins}"}


def run(run_id: str) -> Key:
    """A run in `runs`."""
    return {"pk": f"RUN#{run_id}", "sk": "RUN"}


def run_part(run_id: str, part: str) -> Key:
    """A part of a run's plan or lines in `runs`."""
    return {"pk": f"RUN#{run_id}", "sk": part}


def run_listed(created_at: str, run_id: str) -> Key:
    """A run's place in the list of runs."""
    return {"pk": RUNS_PK, "sk": f"{created_at}#{run_id}"}


def progress(count: int, segment: int) -> Key:
    """How far a segment of the sweep is, in `runs`."""
    return {"pk": PROGRESS_PK, "sk": f"{count}#{segment}"}


def started() -> Key:
    """The latest day whose evaluation has begun, in `runs`."""
    return {"pk": PROGRESS_PK, "sk": STARTED_SK}


def idempotency(fingerprint: str, part: int = 0) -> Key:
    """The record of an idempotent request, in `runs`; or a further part of a long answer, from 1."""
    return {"pk": f"IDEMPOTENCY#{fingerprint}", "sk": f"REQUEST#{part}" if part else "REQUEST"}
