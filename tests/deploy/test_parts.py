"""The parts of the template: how they are read, filled in and put together."""

from pathlib import Path
from typing import Any

import pytest

from tools import parts
from tools.bundle import ROOT


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("<number>", 7),
        ("every <number> <unit>", "every 7 days"),
        ("${AWS::StackName}-<unit>", "${AWS::StackName}-days"),
        ("${<unit>.Arn}", "${days.Arn}"),
        ({"<unit>Queue": ["<number>", {"a": "<object>"}]}, {"daysQueue": [7, {"a": {"Ref": "X"}}]}),
        ({"Fn::Json": {"n": "<number>", "text": "<unit>"}}, '{"n": 7, "text": "days"}'),
        (True, True),
    ],
    ids=["a word alone", "words in a text", "CloudFormation's own", "both", "keys and depths", "JSON", "no text"],
)
def test_words_are_filled_in(part: Any, expected: Any) -> None:
    assert parts.fill(part, {"number": 7, "unit": "days", "object": {"Ref": "X"}}) == expected


def test_a_word_that_nobody_gives_is_a_fault() -> None:
    with pytest.raises(KeyError, match="unknown"):
        parts.fill({"a": ["<unknown>"]}, {"known": 1})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref AWS::StackName", {"Ref": "AWS::StackName"}),
        ("!GetAtt <consumer>Queue.Arn", {"Fn::GetAtt": ["<consumer>Queue", "Arn"]}),
        ("!If [Running, !Ref Bound, 0]", {"Fn::If": ["Running", {"Ref": "Bound"}, 0]}),
        ("!Json {check: true}", {"Fn::Json": {"check": True}}),
    ],
)
def test_short_forms_are_read_as_cloudformation_reads_them(text: str, expected: Any) -> None:
    assert parts.read(f"Part: {text}") == {"Part": expected}


def test_parts_are_put_together_key_by_key() -> None:
    pieces: list[dict[str, Any]] = [{"a": {"b": 1}}, {"a": {"c": {"d": 2}}}, {"a": {"c": {"e": 3}}}, {"a": {"b": 1}}]
    assert parts.together(pieces) == {"a": {"b": 1, "c": {"d": 2, "e": 3}}}
    assert pieces[0] == {"a": {"b": 1}}, "what was given stays as it was"


@pytest.mark.parametrize(
    "other", [{"a": {"b": 2}}, {"a": {"b": {"c": 1}}}, {"a": 1}], ids=["a value", "an object for a value", "a value for an object"]
)
def test_two_parts_that_contradict_each_other_are_refused(other: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is said twice"):
        parts.together([{"a": {"b": 1}}, other])


def test_every_part_of_the_file_is_used() -> None:
    sources = "".join(Path(ROOT / "tools" / f"{name}.py").read_text() for name in ("gateway", "tables", "template"))
    assert [name for name in parts.parts() if f'"{name}"' not in sources] == []
