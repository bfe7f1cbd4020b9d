"""What the law asks for now: the periods of the year in force, so that My work shows what is really owed."""

from datetime import date

from django.utils import timezone

from giaoban.config.demo.checks import Report
from giaoban.config.demo.onestop import Published
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services

FORM = "tt-17-2025-tt-btp:21b-tp-htpldn"
YEAR = 2026
PERIODS = (("tt17-nam", "so-bo", date(2026, 11, 20)), ("tt17-nam", "tron-nam", date(2027, 1, 20)))


def run(published: Published, report: Report) -> None:
    report.title("Nghĩa vụ đang có hiệu lực: biểu 21b/TP/HTPLDN, Thông tư 17/2025/TT-BTP, năm 2026")
    form = selectors.form_by_key(FORM)
    ministry = orgs.unit_id_of("bo-tu-phap")
    if ministry is None:
        raise LookupError("bo-tu-phap")
    for rule, instalment, due_on in PERIODS:
        period = services.open_period(rule, year=YEAR, instalment=instalment, by=published.by, at=published.at)
        services.raise_obligations(FORM, period, by=published.by, at=published.at)
        board = selectors.reception(ministry, form, period, timezone.localdate(published.at))
        days = {row.due_on for row in board.rows}
        report.check(
            f"{period.label}: số Sở Tư pháp phải gửi, hạn",
            f"34, {due_on}",
            f"{board.expected}, {', '.join(str(day) for day in sorted(days, key=str))}",
        )
