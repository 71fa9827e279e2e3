"""Finds customers and packages by words and ids, and customers by what they are: some at a time, each page within `PAGE_UNITS`.

What is looked through says little of each, so that much of it is read in few units; only what is shown is read itself. That shows also
whether the item still means it: an item that a former release left behind finds nothing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeVar
from urllib.parse import quote, unquote

from ..domain.account import Account
from ..domain.errors import Malformed
from ..domain.finding import Sought, customer_words, folded, words_of
from ..domain.package import Package
from ..storage import accounts, finding, ledger, packages
from ..storage.db import Db
from ..storage.finding import Hit, Kind
from ..storage.keys import Key

PAGE_UNITS: Final = 25
"""Read units of a page."""
FOUND_MAX: Final = 20
"""Of a page: each costs a unit."""
LOOKED_AT_MAX: Final = 2000
"""Hits that are looked at for a page, if they are that short."""
_AT_ONCE: Final = 250
_HELD_AT_ONCE: Final = 50

T = TypeVar("T")


class CustomersSought(NamedTuple):
    """Which customers are meant. None: whatever it is."""

    search: Sought | None = None
    prefix: str = ""
    held: bool | None = None
    parked: bool | None = None
    currency: str | None = None
    ids: tuple[str, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether more is asked than how the id begins."""
        return self._replace(prefix="") != CustomersSought()

    def means(self, one: Account) -> bool:
        """Whether a customer is meant."""
        return (
            one.customer_id.startswith(self.prefix)
            and (self.search is None or self.search.finds(one.customer_id, customer_words(one)))
            and self.held in (None, one.held > 0)
            and self.parked in (None, one.parked)
            and self.currency in (None, one.currency)
            and (not self.ids or one.customer_id in self.ids)
        )


class PackagesAsked(NamedTuple):
    """Which packages are meant. None: whatever it is."""

    search: Sought | None = None
    currency: str | None = None
    type: str | None = None
    frequency: str | None = None

    def means(self, one: Package) -> bool:
        """Whether a package is meant."""
        return (
            (self.search is None or self.search.finds(one.package_id, words_of(one.name)))
            and self.currency in (None, one.currency)
            and self.type in (None, one.type)
            and self.frequency in (None, one.frequency)
        )


def find_customers(db: Db, asked: CustomersSought, after: Key | None, limit: int) -> tuple[list[Account], Key | None]:
    """A page of the customers that are meant, maybe with fewer than `limit` or none, and where to go on."""
    if not asked.narrows:
        return accounts.list_accounts(db, after, limit, asked.prefix)
    if asked.ids:
        named = accounts.find_accounts(db, asked.ids)
        return [named[one] for one in asked.ids if one in named and asked.means(named[one])], None
    places, last = _hits_in_turn(db, asked, after, min(limit, FOUND_MAX))
    found = accounts.find_accounts(db, [one.subject_id for one in places])
    return [one for one in _still_so(places, found, customer_words) if asked.means(one)], last


def _still_so(places: Sequence[Hit], found: Mapping[str, T], words: Callable[[T], Collection[str]]) -> list[T]:
    """Those whose items say what they are by now: others come by other items, or not at all. An item that a former release wrote may
    say less: it knew words of names only."""
    standing = [(one, found[one.subject_id]) for one in places if one.subject_id in found]
    return [entity for one, entity in standing if set(one.words) <= set(words(entity))]


def _unnamed(ids: Sequence[str]) -> list[Hit]:
    return [Hit(one, "", (), None) for one in ids]


def _hits_in_turn(db: Db, asked: CustomersSought, after: Key | None, limit: int) -> tuple[Sequence[Hit], Key | None]:
    """Customers who may be meant, by the item that says most."""
    sought, prefix = asked.search, folded(asked.prefix)
    if sought:
        return _looked_up(db, finding.CUSTOMERS, sought, after, limit)
    if asked.parked:
        parked, last = finding.parked_ids(db, after, limit)
        return _unnamed(parked), last
    if asked.held:
        held, last = _with_held(db, after, limit)
        return _unnamed(held), last
    if asked.currency:

        def fits(hit: Hit) -> bool:
            return hit.currency == asked.currency and hit.subject_id.startswith(asked.prefix)

        return _first_of(db, [_Stream("id", finding.CUSTOMERS, prefix, fits)], after, limit, _AT_ONCE)
    listed, last = accounts.list_accounts(db, after, limit, asked.prefix)
    return _unnamed([one.customer_id for one in listed]), last


def find_packages(db: Db, asked: PackagesAsked, after: Key | None, limit: int) -> tuple[list[Package], Key | None]:
    """A page of the packages that are meant, oldest first, or by word; maybe with fewer than `limit` or none, and where to go on."""
    if asked.search is None:
        return packages.list_packages(db, after, limit, asked.means)
    places, last = _looked_up(db, finding.PACKAGES, asked.search, after, min(limit, FOUND_MAX))
    found = packages.find_packages(db, [one.subject_id for one in places])
    return [one for one in _still_so(places, found, lambda one: words_of(one.name)) if not one.deleted and asked.means(one)], last


def _with_held(db: Db, after: Key | None, limit: int) -> tuple[list[str], Key | None]:
    """Customers with held charges, as far as the index has them: each at the first of its charges."""
    entries, last = ledger.held_page(db, None, after, _HELD_AT_ONCE)
    ids = [one for one in dict.fromkeys(entry.customer_id for entry in entries) if not after or one != after["pk"]]
    if len(ids) <= limit:
        return ids, last
    end = [entry for entry in entries if entry.customer_id == ids[limit - 1]][-1]
    return ids[:limit], {"pk": end.customer_id, "sk": end.key, "held_by": end.customer_id}


def _looked_up(db: Db, kind: Kind, sought: Sought, after: Key | None, limit: int) -> tuple[list[Hit], Key | None]:
    """Whose ids or words begin as is sought. Each comes once: by its id, or by the first of the words that begin so."""
    beginning, whole = sought.beginning, sought.beginning_of_id
    begins_id = (beginning,) if whole is None else (beginning, whole)

    def by_id(hit: Hit) -> bool:
        return sought.finds(hit.subject_id, hit.words)

    def by_word(hit: Hit) -> bool:
        first = min(word for word in hit.words if word.startswith(beginning))
        return hit.term == first and not folded(hit.subject_id).startswith(begins_id) and by_id(hit)

    streams = [] if whole is None else [_Stream("whole", kind, whole, by_id)]
    streams += [_Stream("id", kind, beginning, by_id), _Stream("word", kind, beginning, by_word)]
    return _first_of(db, streams, after, limit, limit + 1 if sought.is_one_word else _AT_ONCE)


class _Stream(NamedTuple):
    """Hits in one order, of which those that fit are found: by a word, or by the id, of which several words may be the beginning."""

    at: Literal["whole", "id", "word"]
    kind: Kind
    beginning: str
    fits: Callable[[Hit], bool]


def _first_of(db: Db, streams: Sequence[_Stream], after: Key | None, limit: int, at_once: int) -> tuple[list[Hit], Key | None]:
    """The first hits that fit, one stream after the other, as far as a page goes, and where to go on."""
    found: list[Hit] = []
    units = looked_at = most = 0
    begin, place = (0, None) if after is None else _place_of(after, streams)
    for number, stream in enumerate(streams[begin:], begin):
        last = place if number == begin else None
        while True:
            read = finding.look_up(db, stream.kind, stream.beginning, last, at_once, by_id=stream.at != "word")
            units, looked_at, most = units + read.units, looked_at + len(read.hits), max(most, read.units)
            for last in read.hits:
                found += [last] if stream.fits(last) else []
                if len(found) == limit or (found and units + len(found) >= PAGE_UNITS):
                    return found, _cursor_of(stream, last)
            if read.is_last:
                break
            if last and (looked_at >= LOOKED_AT_MAX or units + most + len(found) > PAGE_UNITS):
                return found, _cursor_of(stream, last)
    return found, None


def _cursor_of(stream: _Stream, hit: Hit) -> Key:
    """Where to go on, in ASCII."""
    return {"at": stream.at, "id": hit.subject_id, **({"word": quote(hit.term)} if hit.term else {})}


def _place_of(after: Key, streams: Sequence[_Stream]) -> tuple[int, Hit]:
    """In which stream a cursor lies, and the hit that it lies behind. Raises `Malformed` for that of another list."""
    names: list[str] = [one.at for one in streams]
    if after.get("at") not in names or "id" not in after or (after["at"] == "word") != ("word" in after):
        raise Malformed("the cursor was not given by this list")
    return names.index(after["at"]), Hit(after["id"], unquote(after.get("word", "")), (), None)
