"""The parts of the template, as tools/template.yaml has them: read, filled in, and put together."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("template.yaml")
_WORD = re.compile(r"<(\w+)>")
_JSON = "Fn::Json"
"""Ours and not CloudFormation's: replaced by the text of its value."""


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms: `!Ref a`, `!GetAtt a.b`, and `!X` of whatever is `Fn::X` in JSON."""


def _long_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    match node:
        case yaml.MappingNode():
            value = loader.construct_mapping(node, deep=True)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case _:
            raise TypeError(f"a tag of {node!r}")
    if name == "GetAtt":
        value = value.split(".", 1)
    return {name if name == "Ref" else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _long_form)


def read(text: str) -> dict[str, Any]:
    """Parts by their names."""
    return dict(_Loader(text).get_single_data())


@cache
def parts() -> Mapping[str, Any]:
    """The parts of the file. Not to be changed: `filled` makes copies."""
    return read(FILE.read_text(encoding="utf-8"))


def filled(name: str, words: Mapping[str, Any]) -> Any:
    """A part with its `<words>` replaced. Raises `KeyError` for a word that is not given."""
    return fill(parts()[name], words)


def fill(part: Any, words: Mapping[str, Any]) -> Any:
    """A copy with its `<words>` replaced."""
    if isinstance(part, str):
        whole = _WORD.fullmatch(part)
        return words[whole[1]] if whole else _WORD.sub(lambda found: str(words[found[1]]), part)
    if isinstance(part, list):
        return [fill(one, words) for one in part]
    if isinstance(part, dict):
        made = {fill(key, words): fill(value, words) for key, value in part.items()}
        return json.dumps(made[_JSON]) if made.keys() == {_JSON} else made
    return part


def together(pieces: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One mapping of several, key by key. Raises `ValueError` if two say different things in one place."""
    made: dict[str, Any] = {}
    for piece in pieces:
        _add(piece, made, "")
    return made


def _add(piece: Mapping[str, Any], to: dict[str, Any], where: str) -> None:
    for key, value in piece.items():
        if isinstance(value, Mapping) and isinstance(known := to.setdefault(key, {}), dict):
            _add(value, known, f"{where}/{key}")
        elif to.setdefault(key, value) != value:
            raise ValueError(f"{where}/{key} is said twice")
