"""What the pages share: numbers and marks as text, addresses, pictures, components; and nothing inline."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.template import RequestContext, Template
from django.test import RequestFactory, override_settings
from django_cotton.compiler_regex import CottonCompiler

from giaoban.core.issues import Cell, Issue
from giaoban.core.timeliness import timing
from giaoban.kit import charts
from giaoban.kit.gallery import ExampleFigure, ExampleForm, gallery
from giaoban.kit.templatetags import gb

ON = date(2026, 6, 12)
TEMPLATES = Path(gb.__file__).parents[1] / "templates"


def rendered(source: str, **context: object) -> str:
    request = RequestFactory().get("/danh-sach/?period=2026-6T&sort=-late&page=3&q=x")
    compiled = CottonCompiler().process("{% load gb %}" + source)
    return Template(compiled).render(RequestContext(request, context)).strip()


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1.12", "+1,12"), ("-3.77", "−3,77"), ("0", "0,00"), ("-0.001", "0,00"), ("1000", "+1.000,00")],
)
def test_a_difference_carries_its_sign_unless_it_rounds_to_zero(value: str, expected: str) -> None:
    assert gb.signed(Decimal(value), 2) == expected


def test_missing_values_are_empty_text() -> None:
    values = (
        gb.num(None),
        gb.signed(None),
        gb.pct(None),
        gb.vnd(None),
        gb.day(None),
        gb.day_short(None),
        gb.moment(None),
    )
    assert set(values) == {""}


def test_dates_are_written_as_offices_write_them() -> None:
    assert [gb.day_short(date(2026, month, 5)) for month in (1, 2, 3, 10)] == ["05/01", "05/02", "05/3", "05/10"]
    assert gb.moment(datetime(2026, 10, 2, 2, 14, tzinfo=UTC)) == "02/10/2026 09:14"


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (ExampleFigure(Decimal(0), None, 0), "0"),
        (ExampleFigure(None, None, 1), "–0– không phát sinh"),
        (ExampleFigure(None, None, 2), "✕ không áp dụng"),
        (ExampleFigure(None, None, 3), "trống"),
        (ExampleFigure(Decimal(1204), Decimal(240), 0), "1.444 , trong đó ước 240"),
        (ExampleFigure(None, Decimal(240), 0), "240 , trong đó ước 240"),
        (ExampleFigure(None, None, 0), "trống"),
        (None, "chưa có số"),
        (Decimal("85.914"), "86"),
    ],
)
def test_zero_nil_blank_missing_and_estimate_read_differently(figure: ExampleFigure | None, words: str) -> None:
    assert plain(gb.figure(figure, 0)) == words


@pytest.mark.parametrize(
    ("due", "done", "words", "kind"),
    [
        (None, None, "không có hạn", "run"),
        (date(2026, 6, 10), None, "quá 2 ngày", "late"),
        (ON, None, "đến hạn hôm nay", "soon"),
        (date(2026, 6, 10), ON, "muộn 2 ngày", "done"),
        (ON, ON, "đúng hạn", "done"),
    ],
)
def test_timeliness_has_a_sign_and_words(due: date | None, done: date | None, words: str, kind: str) -> None:
    html = gb.timing_sign(timing(due, done, on=ON))
    assert plain(html) == words
    assert f"gb-sign-{kind}" in html


def test_text_of_others_is_escaped() -> None:
    assert "&lt;b&gt;" in gb.sign("late", "<b>")
    assert "&lt;b&gt;" in rendered('<c-sign kind="late" word="{{ word }}" />', word="<b>")


def test_better_and_worse_follow_the_direction_of_the_indicator() -> None:
    assert "gb-down" in gb.versus(Decimal("-3.77"), 2)
    assert "gb-up" in gb.versus(Decimal("-3.77"), 2, lower_is_better=True)
    assert plain(gb.versus(Decimal("0.5"), 2)) == ""


def test_links_to_other_pages_keep_the_context_and_nothing_else() -> None:
    assert rendered("{% context_query %}") == "?period=2026-6T"
    assert rendered("{% context_query period=None %}") == ""
    assert rendered("{% context_query unit='7' %}") == "?period=2026-6T&amp;unit=7"


def test_a_sorted_column_says_so_and_its_link_turns_the_order_and_leaves_the_page_number() -> None:
    late = rendered('<c-sort key="late" label="Trễ" />')
    assert 'aria-sort="descending"' in late
    assert "sort=late" in late
    assert "page=" not in late
    assert "aria-sort" not in rendered('<c-sort key="name" label="Đơn vị" />')


def test_issues_link_to_the_cell_they_speak_of_errors_first() -> None:
    cell = Cell(table="own", row="I.1", subunit="to-chuc:a b", column="c1")
    lines = gb.issue_lines(
        [
            Issue("bad-mark", "warning", Cell(), {"mark": "z", "allowed": "nil, na"}),
            Issue("required-blank", "error", cell),
        ]
    )
    assert [line.severity for line in lines] == ["error", "warning"]
    assert lines[0].url == f"#{gb.cell_id('own', 'I.1', 'to-chuc:a b', 'c1')}" == "#o-own-I_1-to_chuc_a_b-c1"
    assert lines[1].url == ""


def test_a_field_ties_label_help_and_error_to_its_control() -> None:
    form = ExampleForm({"title": "", "kind": "task", "due_on": "2026-06-20"})
    html = rendered('<c-field :field="form.title" />', form=form)
    assert 'aria-describedby="id_title_help id_title_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_title_error"' in html
    assert 'for="id_title"' in html
    group = rendered('<c-field :field="form.kind" />', form=form)
    assert "<legend" in group
    assert group.count('type="radio"') == 3


def test_the_strip_draws_every_unit_while_they_can_be_told_apart() -> None:
    cells = charts.strip([("none", 2), ("late", 1), ("done", 3)])
    assert [cell.kind for cell in cells] == ["none", "none", "done", "late", "done", "done", "done"]
    assert [cell.kind for cell in charts.strip([("none", 210), ("done", 2920)])] == ["none", "done"]
    assert charts.strip([]) == ()


def test_positions_stay_inside_the_axis_and_have_a_dot() -> None:
    row = charts.dot_row(Decimal("82.14"), low=70, high=100, mean=Decimal("85.91"))
    assert (row.point, row.mean) == ("40.47%", "53.03%")
    assert charts.dot_row(120, low=70, high=100, mean=None).point == "100.00%"
    assert charts.dot_row(5, low=1, high=1, mean=None).point == "50.00%"


def test_the_best_stands_on_the_right_whatever_the_direction() -> None:
    up = charts.rank_strip([1, 2, 3], here=3)
    down = charts.rank_strip([1, 2, 3], here=1, lower_is_better=True)
    assert up is not None
    assert down is not None
    assert up.here == down.here == "216.0"
    assert charts.rank_strip([1], here=1) is None


def test_no_template_of_the_kit_has_inline_style_or_script() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|hx-on|javascript:", text), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), path


@override_settings(DEBUG=True)
def test_the_gallery_shows_every_component() -> None:
    html = gallery(RequestFactory().get("/")).content.decode()
    assert "<c-" not in html
    used = (TEMPLATES / "kit" / "gallery.html").read_text() + (TEMPLATES / "kit" / "phone_bar.html").read_text()
    for component in (TEMPLATES / "cotton").glob("*.html"):
        name = component.stem.replace("_", "-")
        assert re.search(rf"<c-{name}[\s/>]", used), f"<c-{name}> is not in the gallery"
