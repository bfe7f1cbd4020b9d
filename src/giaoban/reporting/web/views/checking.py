"""Kết quả kiểm tra: what the checks say of every report of a form and period beneath a unit."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.issues import Issue, Severity, sentence
from giaoban.core.vietnamese import fold
from giaoban.kit.frame import Choice, ContextBar
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import Count, changed
from giaoban.kit.templatetags.gb import SIGN_OF_SEVERITY, cell_anchor
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors
from giaoban.reporting.rules import issue_key
from giaoban.reporting.web.bar import period_bar
from giaoban.reporting.web.files import list_file
from giaoban.reporting.web.shaping.layout import Labels, calm
from giaoban.reporting.web.shaping.lists import NearMiss, near_miss
from giaoban.reporting.web.shaping.words import BLANKS_NAMED, absent_words

PAGE_SIZE = 25
SEVERITIES: dict[str, tuple[Severity, str, str]] = {
    "loi": ("error", "lỗi", "Lỗi"),
    "canh-bao": ("warning", "cảnh báo", "Cảnh báo"),
    "luu-y": ("note", "lưu ý", "Lưu ý"),
}
NAMES = {severity: name for severity, _, name in SEVERITIES.values()}
HEADER = ("Mã đơn vị", "Đơn vị", "Biên nhận, bản", "Mức", "Chỗ cần xem", "Giải trình", "Được miễn", "Mô phỏng")


@dataclass(frozen=True, slots=True)
class Place:
    """Which reports: those beneath a unit, of a form and period."""

    unit: orgs.UnitCard
    form: selectors.FormVersion
    period: selectors.Period


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding in words. explanation: the unit's words on it; waits: it needs words and has none; waived: by whom,
    until when and why it holds nothing back."""

    severity: Severity
    sign: str
    text: str
    url: str
    explanation: str
    waits: bool
    waived: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """A unit's report with what is to be seen in it."""

    report: selectors.CheckedReport
    url: str
    lines: tuple[Finding, ...]


def _place(request: ActorRequest, form: str, period: str) -> Place:
    today, key = timezone.localdate(), request.GET.get("don-vi", "")
    if key:
        unit = orgs.unit_for(request.actor, key, today)
    elif request.actor.unit_id is not None:
        unit = orgs.card(request.actor.unit_id, today)
    else:
        raise Http404("Tài khoản chưa giữ vị trí ở đơn vị nào. Chọn đơn vị trong địa chỉ của trang.")
    row = selectors.form_with_layout(form)
    return Place(unit, row, selectors.period_of(row, period, request.GET.get("instalment", "")))


@require_safe
def checking(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """Findings by unit; severity and name filter them."""
    place = _place(request, form, period)
    checked = selectors.check_all(place.form, place.period, place.unit.id)
    chosen, words = request.GET.get("muc", ""), " ".join(request.GET.get("q", "").split())[:100]
    everything = list(_findings(checked, "", ""))
    shown = list(_findings(checked, chosen, words))
    page = Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "reporting/checking.html",
        {
            "bar": _bar(request, place, rows=bool(everything)),
            "simulated_note": _simulated(checked),
            "place": place,
            "title": calm(place.form.title),
            "checked": checked,
            "page": page,
            "units": len(everything),
            "counts": _counts(request, everything, chosen),
            "words": words,
            "severity": chosen if chosen in SEVERITIES else "",
            "near_miss": _near_miss(request, checked, chosen, words),
        },
    )


@require_safe
def export(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """The findings as filtered, one a row; every blank cell is named."""
    place = _place(request, form, period)
    checked = selectors.check_all(place.form, place.period, place.unit.id)
    chosen, words = request.GET.get("muc", ""), " ".join(request.GET.get("q", "").split())[:100]
    rows = (
        (
            one.report.unit.key,
            one.report.unit.name,
            f"bản {one.report.version}",
            NAMES[line.severity],
            line.text,
            line.explanation,
            line.waived,
            "số liệu mô phỏng" if one.report.simulated else "",
        )
        for one in _findings(checked, chosen, words, gather=False)
        for line in one.lines
    )
    return list_file(f"kiem-tra-{place.period.code}.csv", HEADER, rows)


def _findings(checked: selectors.Checked, chosen: str, words: str, *, gather: bool = True) -> Iterator[Findings]:
    """Reports in which something is to be seen. gather: many blank cells become one line."""
    labels = Labels(selectors.definition_of(checked.form), checked.names)
    wanted = SEVERITIES[chosen][0] if chosen in SEVERITIES else None
    for report in checked.reports:
        issues = [one for one in report.issues if wanted is None or one.severity == wanted]
        if not issues or fold(words) not in fold(f"{report.unit.name} {report.unit.short_name}"):
            continue
        url = reverse("reporting:submission", args=[report.submission_id])
        blanks = [one for one in issues if one.code == "required-blank" and one.severity == "error"]
        gathered = gather and len(blanks) > BLANKS_NAMED
        skipped = {id(one) for one in blanks} if gathered else set()
        absent = [one for one in issues if one.code == "line-absent"]
        is_long = gather and len(absent) > BLANKS_NAMED
        if is_long:
            skipped |= {id(one) for one in absent}
        lines = [_finding(labels, report, one, url) for one in issues if id(one) not in skipped]
        if gathered:
            text = f"{len(blanks)} ô bắt buộc còn trống; ô đầu tiên: {labels.cell(blanks[0].at)}."
            at = f"{url}#{cell_anchor(blanks[0].at)}"
            lines.insert(0, Finding("error", SIGN_OF_SEVERITY["error"], text, at, "", waits=False))
        if is_long:
            lines.append(Finding("note", SIGN_OF_SEVERITY["note"], absent_words(labels, absent), url, "", waits=False))
        yield Findings(report, url, tuple(lines))


def _finding(labels: Labels, report: selectors.CheckedReport, issue: Issue, url: str) -> Finding:
    explanation = report.explanations.get(issue_key(issue), "")
    waiver = report.waivers.get(issue_key(issue))
    return Finding(
        severity=issue.severity,
        sign=SIGN_OF_SEVERITY[issue.severity],
        text=sentence(issue, place=labels.cell(issue.at)),
        url=f"{url}#{cell_anchor(issue.at)}" if issue.at.column else url,
        explanation=explanation,
        waits=issue.severity == "warning" and not explanation,
        waived=waiver.words if waiver is not None else "",
    )


def _counts(request: ActorRequest, everything: list[Findings], chosen: str) -> list[Count]:
    """Units in which something is to be seen, then those with each severity."""
    found = [Count(len(everything), "đơn vị có chỗ cần xem", changed(request, muc=None), not chosen)]
    for key, (severity, word, _) in SEVERITIES.items():
        count = sum(any(line.severity == severity for line in one.lines) for one in everything)
        if count:
            url = changed(request, muc=key)
            found.append(Count(count, f"có {word}", url, chosen == key, SIGN_OF_SEVERITY[severity]))
    return found


def _near_miss(request: ActorRequest, checked: selectors.Checked, chosen: str, words: str) -> NearMiss | None:
    def left(severity: str, text: str) -> int:
        return sum(1 for _ in _findings(checked, severity, text))

    return near_miss(
        [
            ("Cùng mức, bỏ chữ tìm", changed(request, q=None), left(chosen, "") if words else 0),
            ("Cùng chữ tìm, mọi mức", changed(request, muc=None), left("", words) if chosen else 0),
            ("Tất cả", changed(request, q=None, muc=None), left("", "")),
        ]
    )


def _bar(request: ActorRequest, place: Place, *, rows: bool) -> ContextBar:
    address = reverse("reporting:checking-csv", args=[place.form.key, place.period.code])
    return period_bar(
        request,
        place.period,
        unit_label=place.unit.name,
        export=[Choice("Danh sách đang hiện, CSV", f"{address}{changed(request)}")] if rows else [],
    )


def _simulated(checked: selectors.Checked) -> str:
    count = sum(one.simulated for one in checked.reports)
    whose = "mọi báo cáo" if count == len(checked.reports) else f"{count} báo cáo"
    return f"{whose} trên trang này là ví dụ, không phải số liệu thật." if count else ""
