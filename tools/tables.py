"""The tables of a stack: how they are made and kept, and by which name the functions use each.

A table that was restored stands beside the one that the stack made, under its name with a suffix. A parameter of the
template says which suffix the functions use, so that going over to a restored table, and back, is an update of the stack
that deletes nothing.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.storage.keys import ACCOUNTS, LEDGER, TABLES, USAGE
from tools.stage import StackSettings

Resource = dict[str, Any]

SUFFIX_PATTERN = "(-[A-Za-z0-9-]{1,40})?"
PROTECTION = "DeletionProtection"
PROTECTED = "TablesAreProtected"
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


def parameters(*, is_local: bool) -> dict[str, Any]:
    """The template's parameters of tables. An update keeps what they were, unless it names them."""
    made: dict[str, Any] = {
        suffix(name): {
            "Type": "String",
            "Default": "",
            "AllowedPattern": SUFFIX_PATTERN,
            "ConstraintDescription": "empty, or a dash and up to 40 letters, digits and dashes",
            "Description": f"Empty to use the stack's own {name} table; -restored to use the table of this name with -restored behind it",
        }
        for name in TABLES
    }
    if not is_local:
        made[PROTECTION] = {
            "Type": "String",
            "Default": "on",
            "AllowedValues": ["on", "off"],
            "Description": "off for the first deployment, so that one that fails leaves no tables behind; on from then on",
        }
    return made


def conditions(*, is_local: bool) -> dict[str, Any]:
    own = {f"{resource(LEDGER)}IsOwn": {"Fn::Equals": [{"Ref": suffix(LEDGER)}, ""]}}
    return own | ({} if is_local else {PROTECTED: {"Fn::Equals": [{"Ref": PROTECTION}, "on"]}})


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
    made = {"Type": "AWS::DynamoDB::Table", "Properties": properties}
    if is_local:
        return made | gone_with_the_stack()
    properties |= {
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "DeletionProtectionEnabled": {"Fn::If": [PROTECTED, True, False]},
    }
    if name in KEPT_LONG:
        properties["TableClass"] = "STANDARD_INFREQUENT_ACCESS"
    if warm_writes and name in WARMED:
        properties["WarmThroughput"] = {"ReadUnitsPerSecond": WARM_READS, "WriteUnitsPerSecond": warm_writes}
    return made | kept()


def kept() -> dict[str, str]:
    """For what outlives the stack. A first deployment that fails takes it away again, so that the next one finds its names free."""
    return {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


def gone_with_the_stack() -> dict[str, str]:
    return {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}


def tables(settings: StackSettings, *, is_local: bool) -> dict[str, Resource]:
    """Every table, by its logical id."""
    writes = settings.warm_writes_per_second
    return {resource(name): table(name, arguments, is_local=is_local, warm_writes=writes) for name, arguments in TABLES.items()}


def outputs() -> dict[str, Any]:
    """The tables in use, and the ledger's stream while it is that of the stack's own table: a restored table's is another."""
    names: dict[str, Any] = {f"{resource(name)}Name": {"Value": in_use(name)} for name in TABLES}
    stream = {"Condition": f"{resource(LEDGER)}IsOwn", "Value": {"Fn::GetAtt": [resource(LEDGER), "StreamArn"]}}
    return names | {"LedgerStreamArn": stream}


def indexes() -> list[tuple[str, str]]:
    """Table and name of each index."""
    return [(name, index["IndexName"]) for name, arguments in TABLES.items() for index in arguments.get("GlobalSecondaryIndexes", [])]
