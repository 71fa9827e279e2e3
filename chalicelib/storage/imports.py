"""Imports in `runs`: which files were announced or sent, what became of them, and by their SHA-256 which were applied. All expire."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from ..domain.importing import ImportRecord, MadeRow
from . import keys
from .codec import Codec, always, integer_attribute, plain_attribute, records_attribute, texts_attribute
from .db import Action, Db, put, put_new
from .keys import EXPIRES, RUNS

IMPORT_DAYS: Final = timedelta(days=30)
"""How long an import can be read, and the same file is known again."""
_MADE_ROW: Final[Mapping[str, Any]] = {
    "row": integer_attribute("row"),
    "change": plain_attribute("change"),
    "thing_id": plain_attribute("id"),
    "version": integer_attribute("version"),
    "customer_id": plain_attribute("customer", ""),
}
_IMPORT_CODEC = Codec(
    ImportRecord,
    {
        "import_id": plain_attribute("import_id"),
        "of": plain_attribute("of"),
        "created_at": plain_attribute("created"),
        "created_by": plain_attribute("creator"),
        "size": integer_attribute("size", 0),
        "sha256": plain_attribute("sha256", ""),
        "check": plain_attribute("check", None),
        "applications": texts_attribute("applications", ()),
        "undoing": plain_attribute("undoing", None),
        "rows": records_attribute("made", MadeRow, _MADE_ROW),
        "version": always(integer_attribute("version", 1)),
    },
)


class ImportedFile(NamedTuple):
    """The import that has applied a file, and when."""

    import_id: str
    at: str


def find_import(db: Db, import_id: str) -> ImportRecord | None:
    """An import."""
    item = db.get(RUNS, keys.import_key(import_id))
    return _IMPORT_CODEC.entity(item) if item else None


def write_import(record: ImportRecord) -> Action:
    """Write an import: the version follows the one that was read."""
    item = {**keys.import_key(record.import_id), **_IMPORT_CODEC.item(record), EXPIRES: _expiry(record.created_at)}
    if record.version == 1:
        return put_new(RUNS, item)
    return put(RUNS, item, condition="#version = :read", values={"read": record.version - 1})


def find_imported(db: Db, of: str, sha256: str, now: datetime) -> ImportedFile | None:
    """Who has applied a file within `IMPORT_DAYS`."""
    item = db.get(RUNS, keys.imported_file_key(of, sha256))
    if item is None or int(item[EXPIRES]) <= now.timestamp():
        return None
    return ImportedFile(item["import_id"], item["at"])


def note_imported(record: ImportRecord, at: str, known: ImportedFile | None) -> Action:
    """Note that an import applies its file, if nobody has noted that since `known` was found."""
    item = {**keys.imported_file_key(record.of, record.sha256), "import_id": record.import_id, "at": at, EXPIRES: _expiry(at)}
    now = int(datetime.fromisoformat(at).timestamp())
    condition, values = "attribute_not_exists(#pk) OR #expires <= :now", dict[str, Any](now=now)
    if known:
        condition, values = "#import_id = :known", {"known": known.import_id}
    return put(RUNS, item, condition=condition, values=values)


def _expiry(at: str) -> int:
    return int((datetime.fromisoformat(at) + IMPORT_DAYS).timestamp())
