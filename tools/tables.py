"""The tables of a stack: how they are made and kept, and by which name the functions use each.

A table that was restored stands beside the one that the stack made, under its name with a suffix. A parameter of the
template says which suffix the functions use, so that going over to a restored table, and back, is an update of the stack
that deletes nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.storage.keys import ACCOUNTS, LEDGER, TABLES, USAGE
from tools import parts
from tools.stage import StackSettings

Resource = dict[str, Any]

SUFFIX_PATTERN = "(-[A-Za-z0-9-]{1,40})?"
WARMED = (ACCOUNTS, LEDGER)
"""What a day with many charges writes to."""
KEPT_LONG = (USAGE,)
"""What is read little and kept long. The class for infrequent access stores for less than half, and takes a quarter more a request."""
WARM_READS = 12_000
"""What an on-demand table gives from the start: WarmThroughput names reads and writes together, and takes no less."""


def resource(name: str) -> str:
    """A table's logical id: ledger -> LedgerTable."""
    return f"{name.capitalize()}Table"


def suffix(name: str) -> str:
    """The parameter that names the table in use."""
    return f"{resource(name)}Suffix"


def name_in_use(name: str) -> str:
    """The name of the table that the functions use, as Fn::Sub reads it."""
    return f"${{AWS::StackName}}-{name}${{{suffix(name)}}}"


def in_use(name: str) -> dict[str, str]:
    return {"Fn::Sub": name_in_use(name)}


def table(name: str, arguments: Mapping[str, Any], *, is_local: bool, warm_writes: int = 0) -> Resource:
    """A table as CloudFormation wants it, from the arguments of `create_table`.

    In deployable stages it is kept for good, unless the very deployment that makes it fails. It says nothing of encryption:
    DynamoDB encrypts with a key of its own then, which costs nothing, where one of KMS is paid by the request.
    """
    properties: dict[str, Any] = {key: value for key, value in arguments.items() if key not in ("TimeToLive", "StreamSpecification")}
    properties |= {"TableName": {"Fn::Sub": f"${{AWS::StackName}}-{name}"}, "BillingMode": "PAY_PER_REQUEST"}
    if expiry := arguments.get("TimeToLive"):
        properties["TimeToLiveSpecification"] = {"AttributeName": expiry, "Enabled": True}
    if stream := arguments.get("StreamSpecification"):
        properties["StreamSpecification"] = {"StreamViewType": stream["StreamViewType"]}
    words = fate(is_local=is_local)
    policies = {"DeletionPolicy": words["deletion_policy"], "UpdateReplacePolicy": words["replacement_policy"]}
    made = {"Type": "AWS::DynamoDB::Table", "Properties": properties, **policies}
    if is_local:
        return made
    properties |= {
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "DeletionProtectionEnabled": {"Fn::If": ["TablesAreProtected", True, False]},
    }
    if name in KEPT_LONG:
        properties["TableClass"] = "STANDARD_INFREQUENT_ACCESS"
    if warm_writes and name in WARMED:
        properties["WarmThroughput"] = {"ReadUnitsPerSecond": WARM_READS, "WriteUnitsPerSecond": warm_writes}
    return made


def fate(*, is_local: bool) -> dict[str, str]:
    """What becomes of tables and queues with their stack: in deployable stages they outlive it.

    A first deployment that fails takes them away again, so that the next one finds their names free.
    """
    if is_local:
        return {"deletion_policy": "Delete", "replacement_policy": "Delete"}
    return {"deletion_policy": "RetainExceptOnCreate", "replacement_policy": "Retain"}


def pieces(settings: StackSettings, *, is_local: bool) -> Iterator[Resource]:
    """Every table, with its parameter and its output."""
    for words, (name, arguments) in zip(named(), TABLES.items(), strict=True):
        yield parts.filled("Table", words | {"suffix_pattern": SUFFIX_PATTERN})
        yield {"Resources": {resource(name): table(name, arguments, is_local=is_local, warm_writes=settings.warm_writes_per_second)}}


def named() -> list[dict[str, str]]:
    """What parts call each table."""
    return [{"name": name, "table": resource(name), "name_in_use": name_in_use(name)} for name in TABLES]


def throttled() -> Iterator[dict[str, Any]]:
    """What parts call the ways in which each table, and each index, is used."""
    for name, arguments in TABLES.items():
        dimensions = {"TableName": in_use(name)}
        yield from _ways(resource(name), resource(name), dimensions)
        for index in (one["IndexName"] for one in arguments.get("GlobalSecondaryIndexes", [])):
            own = f"{resource(name)}{index.title().replace('_', '')}"
            yield from _ways(own, f"The index {index} of {resource(name)}", dimensions | {"GlobalSecondaryIndexName": index})


def _ways(throttled: str, what: str, dimensions: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    for way in ("Read", "Write"):
        yield {"throttled": throttled, "what": what, "dimensions": listed, "Way": way, "way": way.lower()}
