"""`DaysLate` counts days that should be finished: none to come, and only what is asked of today reaches the alarm."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import deployment
from chalicelib.jobs import functions
from tests.logs.test_log_lines import Context
from tests.world.stage import TODAY, Stage


@pytest.mark.parametrize(
    ("event", "answered", "emitted"),
    [
        ({}, None, [1.0]),
        ({"date": "2024-03-05", "allow_future": True}, None, [1.0]),
        ({"date": "2024-02-29"}, None, []),
        ({"check": True}, 2, [2.0]),
        ({"check": True, "date": "2024-03-05"}, 6, []),
        ({"check": True, "date": "2024-02-29"}, 1, []),
    ],
    ids=["today", "a day to come", "a past day", "a check of today", "a check of a day to come", "a check of a past day"],
)
def test_what_the_alarm_hears(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    event: dict[str, Any], answered: int | None, emitted: list[float],
) -> None:  # fmt: skip
    """The day before yesterday is finished, yesterday and today are not."""
    stage = Stage()
    stage.today = TODAY - timedelta(days=2)
    stage.evaluate()
    stage.today = TODAY
    monkeypatch.setattr(deployment, "services", lambda _: stage.services._replace(allow_future=True))
    monkeypatch.setattr(deployment, "request_context", stage.context)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "a-stack")
    capsys.readouterr()
    answer = functions.evaluate(event, Context())
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [line["DaysLate"][0] for line in metrics] == emitted
    assert answer.get("days_late") == answered
