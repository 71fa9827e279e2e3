"""Alarms of deployable stages: what an operator has to see that no caller is told.

All notify one SNS topic, `<stack>-alarms`, when they go off and when they are over; who listens to it is the operator's to
decide. The topic is not encrypted: CloudWatch can't publish to one under Amazon's key, and an alarm's text holds nothing of
a customer.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.storage.keys import TABLES
from tools.stage import StackSettings
from tools.tables import in_use, indexes, resource

Resource = dict[str, Any]

MINUTES_5_SECONDS = 5 * 60
HOUR_SECONDS = 60 * 60
DAY_SECONDS = 24 * HOUR_SECONDS
HOURS_WITHOUT_A_DAY = 26
"""Two more than lie between two evaluations: an hour's period begins on the hour, and a rule may fire late."""
METRICS = "PackagesBilling"
"""The namespace of the service's own metrics."""


def alarm(description: str, metric: Mapping[str, Any], threshold: int = 1, **rule: Any) -> Resource:
    """An alarm that goes off when the metric reaches the threshold in five minutes; without data there is nothing to report."""
    shared = {
        "AlarmDescription": description,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": threshold,
        "EvaluationPeriods": 1,
        "Period": MINUTES_5_SECONDS,
        "Statistic": "Sum",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [{"Ref": "AlarmTopic"}],
        "OKActions": [{"Ref": "AlarmTopic"}],
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": shared | dict(metric) | rule}


def metric(namespace: str, name: str, **dimensions: Any) -> dict[str, Any]:
    return {"Namespace": namespace, "MetricName": name, "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()]}


def own(name: str) -> dict[str, Any]:
    """A metric that the service writes to its logs."""
    return metric(METRICS, name, service={"Ref": "AWS::StackName"})


def of_function(resource: str, name: str) -> dict[str, Any]:
    return metric("AWS/Lambda", name, FunctionName={"Ref": resource})


def of_queue(resource: str, name: str) -> dict[str, Any]:
    return metric("AWS/SQS", name, QueueName={"Fn::GetAtt": [resource, "QueueName"]})


def of_api(name: str) -> dict[str, Any]:
    """The gateway's metric, by the API's name: that of the stack."""
    return metric("AWS/ApiGateway", name, ApiName={"Ref": "AWS::StackName"}, Stage={"Ref": "RestAPI.Stage"})


def function_alarms(functions: Iterable[str], settings: StackSettings) -> dict[str, Resource]:
    """Two for each function, by their resources."""
    made = {}
    for name in functions:
        made[f"{name}ErrorsAlarm"] = alarm(f"{name} failed, or took too long", of_function(name, "Errors"), settings.function_errors)
        text = f"{name} was called more often at once than its concurrency allows"
        made[f"{name}ThrottlesAlarm"] = alarm(text, of_function(name, "Throttles"), settings.function_throttles)
    return made


def queue_alarms(prefix: str, minutes: int) -> dict[str, Resource]:
    """Of a consumer's two queues: what waits too long, and what was given up."""
    late = alarm(
        f"The oldest message of {prefix}Queue waits for {minutes} minutes",
        of_queue(f"{prefix}Queue", "ApproximateAgeOfOldestMessage"),
        minutes * 60,
        Statistic="Maximum",
    )
    dead = alarm(
        f"Messages were given up after ten tries: see the queue {prefix}DeadLetters",
        of_queue(f"{prefix}DeadLetters", "ApproximateNumberOfMessagesVisible"),
        Statistic="Maximum",
    )
    return {f"{prefix}LateAlarm": late, f"{prefix}DeadLettersAlarm": dead}


def throttling(what: str, threshold: int, **dimensions: Any) -> dict[str, Resource]:
    """Of a table or an index: reads and writes that it could not take. The service waits and tries again, so few are normal."""
    return {
        f"{way}ThrottlesAlarm": alarm(
            f"{what} was asked for more than it gives ({way.lower()})",
            metric("AWS/DynamoDB", f"{way}ThrottleEvents", **dimensions),
            threshold,
        )
        for way in ("Read", "Write")
    }


def table_alarms(threshold: int) -> dict[str, Resource]:
    """Two for each table in use, and two for each index: DynamoDB counts what an index can't take under its own name."""
    made: dict[str, Resource] = {}
    for name in TABLES:
        found = throttling(resource(name), threshold, TableName=in_use(name))
        made |= {f"{resource(name)}{kind}": one for kind, one in found.items()}
    for name, index in indexes():
        found = throttling(f"The index {index} of {resource(name)}", threshold, TableName=in_use(name), GlobalSecondaryIndexName=index)
        made |= {f"{resource(name)}{index.title().replace('_', '')}{kind}": one for kind, one in found.items()}
    return made


def billing_alarms(settings: StackSettings) -> dict[str, Resource]:
    """What the service says of its days. A check each morning tells how many are late, so silence is a fault too."""
    return {
        "DayLateAlarm": alarm(
            "A day's charges are not all posted by 06:00, or an earlier day's",
            own("DaysLate"),
            Statistic="Maximum",
            TreatMissingData="ignore",  # until the next morning's check says otherwise
        ),
        "EvaluationMissingAlarm": alarm(
            "No daily evaluation has begun for a day, nor has anything asked whether it is finished",
            own("DaysLate"),
            Statistic="SampleCount",
            ComparisonOperator="LessThanThreshold",
            Period=HOUR_SECONDS,
            EvaluationPeriods=HOURS_WITHOUT_A_DAY,
            DatapointsToAlarm=HOURS_WITHOUT_A_DAY,
            TreatMissingData="breaching",
        ),
        "ChargesFailedAlarm": alarm("Charges could not be posted: the run names them", own("ChargesFailed")),
        "ChargesHeldAlarm": alarm(
            f"{settings.charges_held} charges or more were held in a day", own("ChargesHeld"), settings.charges_held, Period=DAY_SECONDS
        ),
        "ParkedCustomersAlarm": alarm("A customer has more lines than the safety bound and is parked", own("CustomersParked")),
    }


def alarms(settings: StackSettings, *, functions: Iterable[str], queues: Mapping[str, int]) -> dict[str, Resource]:
    """Every alarm, and the topic they notify. `queues`: a consumer's prefix -> the minutes that its messages may wait."""
    made: dict[str, Resource] = {
        "AlarmTopic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Sub": "${AWS::StackName}-alarms"}}},
        "ApiErrorsAlarm": alarm("The API answered with server errors", of_api("5XXError"), settings.api_errors),
    }
    for prefix, minutes in queues.items():
        made |= queue_alarms(prefix, minutes)
    return made | billing_alarms(settings) | function_alarms(functions, settings) | table_alarms(settings.table_throttles)
