"""Every form of the pack that has a layout opens as a page to type in, as a workbook and as a printed form."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from giaoban.accounts.models import User
from giaoban.core.figures import Figures
from giaoban.core.forms import FormDefinition
from giaoban.core.packs import Pack, read_pack
from giaoban.documents.rules.papers import NOT_A_LEGAL_FORM
from giaoban.documents.rules.tables import FORM_MM, LANDSCAPE_POINTS, Column, lay_out_form_table, leaf_labels
from giaoban.documents.services import load_templates, render_pdf
from giaoban.kit.actors import system_actor
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.models import OwingRule
from giaoban.reporting.rules import errors_in, figures_from_texts, mark, reservations, text_key
from giaoban.reporting.services import load_forms, load_regimes
from giaoban.reporting.web.shaping.layout import Labels
from giaoban.reporting.web.shaping.paper import Printed, paper_of

pytestmark = pytest.mark.django_db

PACK = Path(__file__).resolve().parents[1] / "packs" / "justice-vn"
AT = datetime(2026, 1, 5, 9, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
SYSTEM = system_actor("the clock")
FORMS = sorted(
    f"{path.parent.name}:{path.stem}"
    for path in (PACK / "forms").glob("*/*.yaml")
    if "\ntables:" in path.read_text("utf-8") and path.parent.name not in ("capture", "request")
)
A4_LANDSCAPE = (842, 595)
SUBUNITS = 3


@pytest.fixture(scope="module")
def pack() -> Pack:
    return read_pack(PACK)


@pytest.fixture
def loaded(pack: Pack) -> None:
    """The forms, regimes and templates of the pack; of its units only the kinds."""
    for kind in pack.unit_kinds:
        orgs.kind(kind.key)
    for line in pack.lines:
        orgs.line(line.key)
    for field in pack.fields:
        orgs.field(field.key)
    load_forms(pack, lambda _: None)
    load_regimes(pack, lambda _: None)
    load_templates(pack, lambda _: None)


@dataclass(frozen=True)
class Office:
    """A unit that owes one form, the unit that receives it, somebody who types."""

    obligation: selectors.Obligation
    browser: Client

    @property
    def form(self) -> FormDefinition:
        return selectors.definition_of(self.obligation.form)


def office(key: str) -> Office:
    """A unit above which another stands, with sub-units of every kind that the form lists."""
    form = selectors.definition_of(selectors.form_by_key(key))
    above = orgs.unit("above", "bo" if form.reports != "bo" else "chinh-phu", name="Nơi nhận", on_line="professional")
    mine = orgs.unit("mine", form.reports or "so-tu-phap", name="Nơi báo cáo", under=above, on_line="professional")
    for kind in {row.one_per for table in form.tables for row in table.dynamic_rows if row.one_per}:
        for number in range(1, SUBUNITS + 1):
            name = f"Đơn vị trực thuộc số {number}"
            orgs.unit(f"{kind}:{number}", kind, name=name, under=mine, on_line="professional")
    orgs.grow()
    who = orgs.actor("keeper", mine)
    period = services.open_period(
        "ad-hoc", code="THU", label="Kỳ thử", start=date(2025, 1, 1), end=date(2026, 1, 1), by=SYSTEM, at=AT
    )
    owed = services.request_report(
        key,
        period,
        units=[mine.pk],
        receiver=above.pk,
        due_on=date(2026, 1, 20),
        basis="Công văn 1",
        signed=services.SignedReason("Để thử biểu.", "Người thử", "Người thử"),
        by=SYSTEM,
        at=AT,
    )
    browser = Client()
    browser.force_login(User.objects.get(pk=who.user_id), backend="django.contrib.auth.backends.ModelBackend")
    return Office(owed[0], browser)


def texts_of(form: FormDefinition, subunits: Mapping[tuple[str, str], object]) -> dict[str, str]:
    """A figure in every cell that is typed: 2 for the wholes, 1 for what is included in them; words in text columns."""
    texts = {}
    for table in form.tables:
        for row in table.rows:
            if row.sum_of:
                continue
            listed = [one.key for one in subunits.get((table.id, row.id), ())]  # type: ignore[attr-defined]
            for subunit in (listed or ["Lĩnh vực một", "Lĩnh vực hai"]) if row.is_dynamic else [""]:
                for column in table.columns:
                    value = ("1" if column.part_of else "2") if column.is_number else "Ghi chú"
                    texts[text_key(table.id, row.id, subunit, column.id)] = value
    return texts


@pytest.mark.parametrize("key", FORMS)
def test_a_form_opens_three_ways(loaded: None, key: str) -> None:
    place = office(key)
    texts = texts_of(place.form, selectors.subunits_by_row(place.obligation))
    services.save_draft(place.obligation, figures=texts, notes="", explanations={}, by=SYSTEM, at=AT)

    page = place.browser.get(reverse("reporting:entry", args=[place.obligation.pk]))
    assert page.status_code == 200
    shown = page.content.decode()
    names = set(re.findall(r'name="([^"]+)"', shown))
    assert set(texts) <= names, "every cell that is typed stands on the page"
    for sentence in reservations(place.form):
        assert sentence in shown

    book = place.browser.get(reverse("reporting:workbook", args=[place.obligation.pk])).content
    reading = services.read_workbook(book, "tep.xlsx", obligation=place.obligation)
    assert not errors_in(reading.issues)
    wanted, _ = figures_from_texts(place.form, texts)
    totals = {(table.id, row.id) for table in place.form.tables for row in table.rows if row.sum_of}
    assert _without(reading.figures, totals) == _without(wanted, totals)
    first = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
    assert mark(place.form) in f"{first['A1'].value} {first['A2'].value}"

    paper = place.browser.get(reverse("reporting:draft-paper", args=[place.obligation.pk]))
    assert paper["Content-Type"] == "application/pdf"
    said = _text(paper.content)
    official = place.form.printable_as_official
    assert (NOT_A_LEGAL_FORM in said) is not official
    assert (f"Biểu số: {place.form.code}" in said) is official
    assert "Bản đang nhập, chưa gửi." in said


def _without(figures: Figures, totals: set[tuple[str, str]]) -> dict[object, object]:
    """What was typed: the machine fills in the totals."""
    return {at: (line.figures, line.texts) for at, line in figures.items() if at[:2] not in totals}


def _text(pdf: bytes) -> str:
    reader = PdfReader(io.BytesIO(pdf))
    for page in reader.pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == A4_LANDSCAPE
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


@pytest.mark.parametrize("key", FORMS)
def test_no_word_is_cut_on_paper(pack: Pack, key: str) -> None:
    form = _definition(pack, key)
    for table in paper_of(form, Labels(form), {}, Printed())["tables"]:
        laid_out = lay_out_form_table(table)
        assert laid_out["points"] in LANDSCAPE_POINTS
        assert sum(laid_out["widths_mm"]) == pytest.approx(FORM_MM, abs=0.2)
        leaves = leaf_labels(table["header_rows"], len(table["align"]))
        for label, wide in zip(leaves, laid_out["widths_mm"], strict=True):
            assert wide >= Column.of([label], [], "left").least(laid_out["points"]) - 0.01, label


def test_many_lines_go_over_several_pages(loaded: None) -> None:
    key = "tt-17-2025-tt-btp:10b-tp-cc"
    form = selectors.definition_of(selectors.form_by_key(key))
    table = form.table("main")
    texts = {
        text_key("main", row, f"Tổ chức số {number}", column.id): str(number)
        for row in ("I.unit", "II.unit")
        for number in range(1, 31)
        for column in table.numeric
    }
    figures, _ = figures_from_texts(form, texts)
    pdf = render_pdf("bieu-thong-ke", paper_of(form, Labels(form), figures, Printed(unit_name="Sở Tư pháp")))
    reader = PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) > 1
    heads = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert all("Số công chứng viên (người)" in head for head in heads[:-1]), "the header is on every page"


def test_the_catalogue_lists_forms_without_a_layout(loaded: None, pack: Pack) -> None:
    browser = office("tt-17-2025-tt-btp:10b-tp-cc").browser
    page = browser.get(reverse("reporting:catalogue")).content.decode()
    bare = [form.definition for form in pack.forms if not form.definition.has_layout]
    assert len(bare) == 34
    for form in bare:
        assert form.code in page
    one = "tt-04-2016-tt-btp:24m-btp-tgpl"
    assert "bố cục chưa đọc được" in browser.get(reverse("reporting:form", args=[one])).content.decode()
    assert browser.get(reverse("reporting:blank-paper", args=[one])).status_code == 404
    listed = browser.get(reverse("reporting:catalogue-csv") + "?hieu-luc=1").content.decode()
    assert "10b/TP/CC" in listed
    assert "12b/BTP/BTTP/CC" not in listed


@pytest.mark.parametrize("key", FORMS)
def test_the_page_of_a_form(loaded: None, key: str) -> None:
    form = selectors.form_by_key(key)
    browser = Client()
    unit = orgs.unit("mine", "bo")
    orgs.grow()
    who = orgs.actor("keeper", unit)
    browser.force_login(User.objects.get(pk=who.user_id), backend="django.contrib.auth.backends.ModelBackend")
    page = browser.get(reverse("reporting:form", args=[key])).content.decode()
    assert form.code in page
    paper = browser.get(reverse("reporting:blank-paper", args=[key]))
    assert _text(paper.content)


def test_nobody_can_be_asked_for_a_form_without_a_layout(loaded: None) -> None:
    with pytest.raises(services.ReportingError, match="chưa có bố cục"):
        office("tt-04-2016-tt-btp:24m-btp-tgpl")


def test_no_act_makes_anybody_owe_a_form_outside_its_time(loaded: None) -> None:
    """Each form with its rules, in a year before and after it: refused."""
    above = orgs.unit("above", "bo", on_line="professional")
    for kind in ("so-tu-phap", "phong-tu-phap", "ubnd-xa", "co-quan-chuyen-mon"):
        above = orgs.unit(kind, kind, under=above, on_line="professional")
    orgs.grow()
    asked = 0
    for rule in OwingRule.objects.filter(form__kind="legal").select_related("form").prefetch_related("rules"):
        for year, outside in ((2008, True), (2030, rule.form.valid_to is not None)):
            for period_rule in rule.rules.all() if outside else ():
                for one in selectors.openable_periods(rule.form, above.pk, rule.receiver_kind.key, year):
                    if one.rule_key == period_rule.key:
                        asked += 1
                        with pytest.raises(services.ReportingError, match="không có hiệu lực"):
                            services.preview_opening(
                                rule.form.key,
                                one.rule_key,
                                code=one.period.code,
                                instalment=one.period.instalment,
                                by=SYSTEM,
                            )
    assert asked > 50


def _definition(pack: Pack, key: str) -> FormDefinition:
    return next(form.definition for form in pack.forms if form.key == key)
