"""What customers, packages, ends and DIDs are found by, counted a second time from what is stored, as far as names are ASCII."""

import re
from collections.abc import Iterator

from .dynamodb import DynamoDb
from .tables import Item

INDEX = re.compile(r"(CUSTOMER|PACKAGE)(S|#.)|CONNEXCS|ENDS|DIDS|PARKED")
Found = set[tuple[str, str, str]]
"""Partitions and sort keys, with what else an item says."""


def index_of(store: DynamoDb) -> Found:
    """What stands."""
    items = [*store.items("catalog"), *store.items("runs")]
    return {_said(item) for item in items if INDEX.fullmatch(item["pk"]["S"])}


def _said(item: Item) -> tuple[str, str, str]:
    others = sorted(f"{name}={_plain(value)}" for name, value in item.items() if name not in ("pk", "sk"))
    return item["pk"]["S"], item["sk"]["S"], " ".join(others)


def _plain(value: Item) -> str:
    return str(value["S"]) if "S" in value else str(sorted((name, [one["S"] for one in part["L"]]) for name, part in value["M"].items()))


def index_due(store: DynamoDb) -> Found:
    """What should stand."""
    return {*_of_accounts(store), *_of_packages(store), *_of_dids(store)}


def _of_accounts(store: DynamoDb) -> Iterator[tuple[str, str, str]]:
    for item in store.items("accounts"):
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if sk == "ACCOUNT":
            yield from _named("CUSTOMER", pk, item, f"currency={item['currency']['S']} ")
            if "parked" in item:
                yield "PARKED", pk, ""
        elif "ends" in item and "cancelled" not in item:
            yield "ENDS", f"{item['ends']['S']}#{pk}#{sk.removeprefix('ASSIGNMENT#')}", f"package={item['package']['S']}"


def _of_packages(store: DynamoDb) -> Iterator[tuple[str, str, str]]:
    for item in store.items("catalog"):
        if item["pk"]["S"] == "PACKAGE" and "deleted" not in item:
            yield from _named("PACKAGE", item["sk"]["S"], item, "")
            if "connexcs_package" in item:
                yield "CONNEXCS", f"{item['connexcs_package']['S']}#{item['sk']['S']}", ""


def _of_dids(store: DynamoDb) -> Iterator[tuple[str, str, str]]:
    holding: dict[str, list[tuple[str, list[str]]]] = {}
    for item in store.items("accounts"):
        if item["sk"]["S"] != "ACCOUNT" and "did" in item and "cancelled" not in item:
            days = [item["starts"]["S"], item["ends"]["S"] if "ends" in item else "9999-12-31"]
            holding.setdefault(item["did"]["S"], []).append((item["sk"]["S"].removeprefix("ASSIGNMENT#"), [item["pk"]["S"], *days]))
    yield from (("DIDS", did, f"holds={sorted(own)}") for did, own in holding.items())


def _named(kind: str, subject_id: str, item: Item, said: str) -> Iterator[tuple[str, str, str]]:
    words = _plain_words(item["name"]["S"] if "name" in item else "")[:8]
    others = [item[name]["S"] for name in ("email", "external_id") if name in item]
    tags = [one["S"] for one in item["tags"]["L"]] if "tags" in item else []
    words += [one for one in _plain_words(" ".join([*others, *tags])) if one not in words][:24]
    yield f"{kind}S", f"{subject_id.lower()}#{subject_id}", (said + _words(words)).strip()
    for word in words:
        yield f"{kind}#{word[0]}", f"{word}#{subject_id}", _words([one for one in words if one != word])


def _plain_words(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall("[a-z0-9]+", text.lower())))


def _words(words: list[str]) -> str:
    return f"words={' '.join(words)}" if words else ""
