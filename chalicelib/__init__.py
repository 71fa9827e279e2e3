"""The packages billing service; `docs/decisions.md` says why it has this shape."""
