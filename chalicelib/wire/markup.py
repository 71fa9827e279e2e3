"""HTML that is safe by construction: what is not made here is text, and text is escaped."""

from html import escape


class Markup(str):
    """HTML, made by `element` or `joined` only."""

    __slots__ = ()


def element(name: str, /, *content: str | None, **attributes: str) -> Markup:
    """`<name attributes>content</name>`; content that is not `Markup` is escaped. `class_` and `aria_label`
    stand for what Python can't spell.
    """
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{given}>{joined(*content)}</{name}>")


def joined(*content: str | None) -> Markup:
    """Pieces one after the other; None is none."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in content if part is not None))
