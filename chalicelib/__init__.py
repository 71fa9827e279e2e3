"""The packages billing service; `docs/decisions.md` says why it has this shape."""

__version__ = "0.13.0"
"""The version of CHANGELOG.md that this is, or the last one before it. `/health` and the OpenAPI document say it."""
