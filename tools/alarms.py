"""Alarms of deployable stages: what an operator has to see that no caller is told.

All notify one SNS topic, `<stack>-alarms`; who listens to it is the operator's to decide.
"""

from collections.abc import Mapping
from typing import Any

Resource = dict[str, Any]

DAY_SECONDS = 24 * 60 * 60
MINUTES_5_SECONDS = 5 * 60
PARKED_WORDS = '"customer parked"'
"""What `post_charges` logs when a customer passes the safety bound."""


def alarm(description: str, metric: Mapping[str, Any], **rule: Any) -> Resource:
    """An alarm that goes off when the metric reaches 1 in a period; without data there is nothing to report."""
    shared = {
        "AlarmDescription": description,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1,
        "EvaluationPeriods": 1,
        "Period": MINUTES_5_SECONDS,
        "Statistic": "Sum",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [{"Ref": "AlarmTopic"}],
    }
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": shared | dict(metric) | rule}


def of_function(resource: str, metric: str) -> dict[str, Any]:
    return {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": resource}}]}


def of_queue(resource: str) -> dict[str, Any]:
    dimensions = [{"Name": "QueueName", "Value": {"Fn::GetAtt": [resource, "QueueName"]}}]
    return {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Dimensions": dimensions}


def parked_metric() -> tuple[Resource, dict[str, Any]]:
    """A filter that counts parked customers in the log of `post_charges`, and the metric that it feeds."""
    metric = {"Namespace": {"Ref": "AWS::StackName"}, "MetricName": "ParkedCustomers"}
    transformation = {"MetricNamespace": metric["Namespace"], "MetricName": metric["MetricName"], "MetricValue": "1"}
    properties = {
        "LogGroupName": {"Ref": "PostChargesLogGroup"},
        "FilterPattern": PARKED_WORDS,
        "MetricTransformations": [transformation],
    }
    return {"Type": "AWS::Logs::MetricFilter", "Properties": properties}, metric


def alarms(consumers: list[str]) -> dict[str, Resource]:
    """Every alarm, the topic they notify and the metric filter, for the consumers' queues by their prefixes."""
    filtered, parked = parked_metric()
    scheduled = "EvaluateDueCharges"
    resources = {
        "AlarmTopic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Sub": "${AWS::StackName}-alarms"}}},
        "ParkedCustomersFilter": filtered,
        "ParkedCustomersAlarm": alarm("A customer has more lines than the safety bound and is parked", parked),
        "EvaluationFailedAlarm": alarm("The daily evaluation could not begin", of_function(scheduled, "Errors")),
        "EvaluationMissingAlarm": alarm(
            "No daily evaluation has begun for a day",
            of_function(scheduled, "Invocations"),
            Period=DAY_SECONDS,
            ComparisonOperator="LessThanThreshold",
            TreatMissingData="breaching",
        ),
    }
    for prefix in consumers:
        text = f"Messages were given up after five tries: see the queue {prefix}DeadLetters"
        resources[f"{prefix}DeadLettersAlarm"] = alarm(text, of_queue(f"{prefix}DeadLetters"), Statistic="Maximum")
    return resources
