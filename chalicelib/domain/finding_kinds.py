"""What an audit finds. Apart from `audit_findings`, so that cold starts don't load what audits."""

from typing import Final, Literal, get_args

FindingKind = Literal[
    "missing", "marked", "unexpected", "amount", "late_usage", "repeated", "corrected", "voided", "goodwill", "balance", "held",
    "not_compared",
]  # fmt: skip
FINDING_KINDS: Final[tuple[FindingKind, ...]] = get_args(FindingKind)
