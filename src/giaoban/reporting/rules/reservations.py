"""What must be said of a form wherever it is shown, and the days of its deadlines, in words.

A layout of which a part was read, or whose words were shortened, may be filled in; it never looks official.
"""

from typing import Final

from giaoban.core.forms import FormDefinition
from giaoban.core.periods import DayOfMonth, DayOfYear, PeriodRuleError, WorkingDays, parse_deadline

PARTLY_READ: Final = "Bản nháp bố cục: biểu gốc mới đọc được một phần, không in như biểu mẫu chính thức."
SHORTENED: Final = (
    "Tên cột, tên dòng viết gọn theo nguồn: đối chiếu với biểu gốc trước khi dùng, không in như biểu mẫu chính thức."
)
NO_LAYOUT: Final = "Chỉ có mã hoặc tên biểu; bố cục chưa đọc được nên chưa nhập, chưa in được."
LONGEST_SOURCE: Final = 300
OUR_LAYOUT: Final = "Bố cục của Giao Ban, không phải biểu mẫu pháp lý."


def reservations(form: FormDefinition) -> tuple[str, ...]:
    """Whole sentences, the gravest first; none for a legal form read in full in its own words."""
    if form.kind != "legal":
        return (OUR_LAYOUT,)
    if not form.has_layout:
        return (NO_LAYOUT,)
    said = ((PARTLY_READ, form.verified != "full"), (SHORTENED, form.labels != "as-in-source"))
    return tuple(sentence for sentence, applies in said if applies)


def mark(form: FormDefinition) -> str:
    """The same in two or three words, to stand beside the form's code; "" when nothing must be said."""
    if form.kind != "legal":
        return "không phải biểu mẫu pháp lý"
    if not form.has_layout:
        return "chưa có bố cục"
    if form.verified != "full":
        return "bản nháp bố cục"
    return "" if form.labels == "as-in-source" else "tên cột viết gọn"


def due_words(deadline: str) -> str:
    """A deadline of a pack as people say it: "01-20+1" → "ngày 20/01 năm sau", "wd4" → "4 ngày làm việc sau kỳ"."""
    try:
        read = parse_deadline(deadline)
    except PeriodRuleError:
        return deadline
    match read:
        case WorkingDays(count):
            return f"{count} ngày làm việc sau kỳ"
        case DayOfMonth(day, after):
            which = "tháng cuối kỳ" if not after else "tháng sau" if after == 1 else f"tháng thứ {after} sau kỳ"
            return f"ngày {day:02d} của {which}"
        case DayOfYear(month, day, years):
            words = {0: "", 1: " năm sau", -1: " năm trước"}.get(years, f" ({years:+d} năm)")
            return f"ngày {day:02d}/{month:02d}{words}" if month < 3 else f"ngày {day:02d}/{month}{words}"


def due_source(named: str, deadline: str) -> str:
    """Where the day of a report comes from, for people: the act (or the form's own name) and its words for the day."""
    return f"{named}: {due_words(deadline)}"[:LONGEST_SOURCE]
