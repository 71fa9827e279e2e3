"""Component schemas: request bodies as pydantic tells them, answers as `answers.py` does, every field with its meaning."""

from typing import Any, Final

from pydantic import TypeAdapter

from chalicelib.wire.bodies import Body

from .glossary import meaning
from .returned import page_item

Json = dict[str, Any]
_PREFIX: Final = "#/components/schemas/"
_TEMPLATE: Final = _PREFIX + "{model}"


def reference(name: str) -> Json:
    """A reference to a component schema."""
    return {"$ref": _PREFIX + name}


class Schemas:
    """The schemas that were asked for, by name, with all that they refer to."""

    def __init__(self) -> None:
        self.named: dict[str, Json] = {}

    def answer(self, kind: Any) -> Json:
        """A reference to what a view answers; to several of them for a union."""
        if item := page_item(kind):
            return self._page(item)
        schema = TypeAdapter(kind).json_schema(ref_template=_TEMPLATE, mode="serialization")
        return self._add(schema)

    def _page(self, kind: Any) -> Json:
        """A page of a list."""
        item = self.answer(kind)
        name = item["$ref"].removeprefix(_PREFIX) + "Page"
        fields = {"items": {"type": "array", "items": item}, "next_cursor": {"anyOf": [{"type": "string"}, {"type": "null"}]}}
        said = {"title": name, "description": "A page of a list."}
        return self._add(said | {"type": "object", "properties": fields, "required": list(fields)})

    def body(self, model: type[Body], method: str) -> Json:
        """What a method reads: the body; with PUT also what GET answered and nobody reads; with PATCH any part of it."""
        name = model.__name__.removesuffix("Body")
        schema = model.model_json_schema(ref_template=_TEMPLATE)
        if method == "PUT":
            return self._add(_replacement(schema, f"{name}Replacement", model))
        if method == "PATCH":
            return self._add(_changes(schema, f"{name}Changes"))
        return self._add(schema)

    def _add(self, schema: Json) -> Json:
        for name, part in schema.pop("$defs", {}).items():
            self._keep(name, part)
        if "title" not in schema:
            return dict(_tidy(schema))
        name = schema["title"]
        self._keep(name, schema)
        return reference(name)

    def _keep(self, name: str, schema: Json) -> None:
        tidy = _tidy(schema)
        for field, part in tidy.get("properties", {}).items():
            said = part.pop("description", None)
            part["description"] = said or meaning(name, field)
        known = self.named.setdefault(name, tidy)
        if known != tidy:
            raise ValueError(f"two schemas are called {name}")


def _tidy(schema: Any) -> Any:
    """Without what pydantic adds for itself: titles, and null as the default of what may be left out."""
    if isinstance(schema, list):
        return [_tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: part for name, part in schema.items() if name != "title" and not (name == "default" and part is None)}
    tidy = {name: _tidy(part) for name, part in kept.items() if name != "properties"}
    if "properties" in kept:
        tidy["properties"] = {name: _tidy(part) for name, part in kept["properties"].items()}
    return tidy


def _replacement(schema: Json, name: str, model: type[Body]) -> Json:
    ignored = {field: {"description": "Ignored: what GET answered may be sent back."} for field in sorted(model.read_only)}
    description = f"{schema['description']} Fields left out go back to their defaults."
    return schema | {"title": name, "description": description, "properties": schema["properties"] | ignored}


def _changes(schema: Json, name: str) -> Json:
    """A merge patch: nothing is required, nothing has a default, and null takes back to the default what has one."""
    required = schema.get("required", [])
    fields = {field: part if field in required else _nullable(part) for field, part in schema["properties"].items()}
    changes = {key: part for key, part in schema.items() if key != "required"}
    description = "A merge patch (RFC 7396). Null takes a field back to its default."
    return changes | {"title": name, "description": description, "properties": fields}


def _nullable(schema: Json) -> Json:
    plain = {name: part for name, part in schema.items() if name not in ("default", "title")}
    if "anyOf" not in plain:
        return {"anyOf": [plain, {"type": "null"}]}
    null: Json = {"type": "null"}
    kinds = plain["anyOf"]
    return plain | {"anyOf": kinds if null in kinds else [*kinds, null]}
