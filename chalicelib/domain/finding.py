"""Words by which customers and packages are found (rules: Finding things).

A word is a run of letters and digits, without accents and in lower case. Of a name, and of what else a customer is known by, the first
few count, each once.
"""

import re
import unicodedata
from collections.abc import Collection
from typing import Final, NamedTuple

from .account import Account

WORDS_MAX: Final = 8
OTHER_WORDS_MAX: Final = 24
"""Beside those of the name: all words of two versions of a customer go into one transaction."""
SOUGHT_CHARACTERS_MAX: Final = 200
WORD_CHARACTERS_MAX: Final = 40
"""Of a word; whatever follows is not looked at."""
_WORD = re.compile(r"[^\W_]+")
_LETTERS: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
"""Those whose marks are no marks to Unicode."""


def folded(text: str) -> str:
    """A text without accents, in lower case."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part)).translate(_LETTERS)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in their order."""
    return tuple(dict.fromkeys(_words(folded(name))))[:WORDS_MAX]


def customer_words(one: Account) -> tuple[str, ...]:
    """The words of a customer: of the name, then of the e-mail address, the external id and the tags."""
    named = words_of(one.name)
    others = dict.fromkeys(_words(folded(" ".join(filter(None, (one.email, one.external_id, *one.tags))))))
    return (*named, *[word for word in others if word not in named][:OTHER_WORDS_MAX])


def _words(text: str) -> list[str]:
    return [word[:WORD_CHARACTERS_MAX] for word in _WORD.findall(text)]


class _SoughtPart(NamedTuple):
    """What was typed between two spaces, and its words: an id may have dashes, which divide words of a name."""

    whole: str
    words: tuple[str, ...]


def _tells_apart(word: str) -> tuple[bool, int]:
    return any(letter.isdecimal() for letter in word), len(word)


class Sought(NamedTuple):
    """What somebody looks for: each part is the beginning of a word or of an id. `said` tells it from all other texts that find others."""

    said: str
    parts: tuple[_SoughtPart, ...]

    @property
    def beginning(self) -> str:
        """What is looked up: the longest word, with a digit if there is one, because fewer share a number."""
        return max((word for part in self.parts for word in part.words), key=_tells_apart)

    @property
    def beginning_of_id(self) -> str | None:
        """What ids are looked up by as well, where `beginning` stands within a part: the whole part may begin an id."""
        part = next(part for part in self.parts if self.beginning in part.words)
        return None if part.words[0] == self.beginning else part.whole

    @property
    def is_one_word(self) -> bool:
        """Whether everything that begins with `beginning` is found."""
        return self.parts == (_SoughtPart(self.beginning, (self.beginning,)),)

    def finds(self, subject_id: str, words: Collection[str]) -> bool:
        """Whether what has this id, and these words, is meant."""
        known = folded(subject_id)

        def found(word: str) -> bool:
            return known.startswith(word) or any(one.startswith(word) for one in words)

        return all(known.startswith(part.whole) or all(map(found, part.words)) for part in self.parts)


def sought(text: str) -> Sought:
    """What a text looks for. Raises `ValueError` for one without letters and digits, or that is too long."""
    if len(text) > SOUGHT_CHARACTERS_MAX:
        raise ValueError(f"must have at most {SOUGHT_CHARACTERS_MAX} characters")
    parts = tuple(_SoughtPart(one, tuple(words)) for one in folded(text).split() if (words := _words(one)))
    if not parts:
        raise ValueError("must have a letter or a digit")
    return Sought(" ".join(part.whole for part in parts), parts)
