"""What a receipt says of a version beside its figures."""

from collections.abc import Sequence

from django.utils import timezone

from giaoban.reporting import selectors
from giaoban.reporting.rules import was_accepted
from giaoban.reporting.web.shaping.signers import signer_facts


def facts_of(row: selectors.Submission) -> list[tuple[str, str]]:
    """What is known of a version beside its figures; what nobody entered is left out."""
    number = f"{row.document_number}{f', ngày {row.document_date:%d/%m/%Y}' if row.document_date else ''}"
    facts = [
        ("Người nhập", row.entered_by_name),
        ("Thay mặt", row.on_behalf_of),
        *signer_facts(row.signatures),
        ("Văn bản kèm", number),
        ("Cách gửi", row.get_channel_display()),
        ("Tệp", row.file.filename if row.file else ""),
        ("Nguồn", row.source),
        (
            "Quyết định",
            f"{row.decided_by_name}, {timezone.localtime(row.decided_at):%d/%m/%Y %H:%M}" if row.decided_at else "",
        ),
        ("Lý do, ghi chú", row.decision_reason),
    ]
    return [(term, value) for term, value in facts if value]


def version_before(row: selectors.Submission, versions: Sequence[selectors.Submission]) -> selectors.Submission | None:
    """What a version is compared with: an amendment with the version accepted before it, another with the last one.

    versions: newest first.
    """
    earlier = [one for one in versions if one.version < row.version]
    if row.amendment:
        return next((one for one in earlier if was_accepted(one.state, one.decision_reason)), None)
    return earlier[0] if earlier else None
