"""The upper forms of the justice pack are filled from the forms of the level below, in the units of measure of each."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from giaoban.core.forms import checksum, parse_form
from giaoban.core.packs import read_pack
from giaoban.kit.actors import system_actor
from giaoban.orgs.tests import factories as orgs
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import selectors, services
from giaoban.reporting.models import FormVersion, Obligation
from giaoban.reporting.rules import figures_from_texts, text_key
from giaoban.reporting.tests.factories import make_rule, owe

PACK = Path(__file__).parents[1] / "packs" / "justice-vn"
SYSTEM = system_actor("thử nghiệm")
AT = moment(2026, 1, 8)


def form_of(folder: str, name: str) -> FormVersion:
    key = f"{folder}:{name}"
    data = yaml.safe_load((PACK / "forms" / folder / f"{name}.yaml").read_text(encoding="utf-8"))
    definition = parse_form(data, key)
    return FormVersion.objects.create(
        key=key,
        act=definition.act,
        code=definition.code,
        title=definition.title,
        kind=definition.kind,
        definition=data,
        checksum=checksum(data),
    )


def level(lower: FormVersion, upper: FormVersion, kinds: Mapping[str, str]) -> Obligation:
    """A Ministry, a department of justice beneath it and units (key → kind) beneath that; what the department owes."""
    ministry = orgs.unit("bo", "bo")
    department = orgs.unit("so", "so-tu-phap", under=ministry)
    for key, kind in kinds.items():
        orgs.unit(key, kind, under=department)
    orgs.grow()
    rule = make_rule(key="years", name="Năm", kind="year", starts="01-01")
    for kind in sorted(set(kinds.values())):
        owe(lower, rule, kind, "so-tu-phap", deadlines={})
    owe(upper, rule, "so-tu-phap", "bo", deadlines={})
    period = services.open_period("years", year=2026, by=SYSTEM, at=AT)
    for form in (lower, upper):
        services.raise_obligations(form.key, period, by=SYSTEM, at=AT)
    return owed("so", upper)


def owed(unit: str, form: FormVersion) -> Obligation:
    rows = Obligation.objects.select_related("unit", "form", "period__rule", "receiver")
    return rows.get(unit__key=unit, form=form)


def report(unit: str, form: FormVersion, row: str = "total", table: str = "main", **cells: str) -> None:
    definition = selectors.definition_of(form)
    texts = {text_key(table, row, "", column.id): "0" for column in definition.table(table).numeric}
    texts |= {text_key(table, row, "", column): text for column, text in cells.items()}
    figures, faults = figures_from_texts(definition, texts)
    assert faults == []
    signed = tuple((role, "Nguyễn Văn An") for role in definition.signatures)
    sent = services.submit(owed(unit, form), figures=figures, by=SYSTEM, at=AT, signatures=signed)
    services.accept(sent, by=SYSTEM, at=AT)


@pytest.mark.django_db
def test_notaries_in_thousands_below_and_in_dong_above() -> None:
    lower, upper = form_of("tt-17-2025-tt-btp", "10a-tp-cc"), form_of("tt-17-2025-tt-btp", "10b-tp-cc")
    obligation = level(
        lower, upper, {"p1": "phong-cong-chung", "v1": "van-phong-cong-chung", "v2": "van-phong-cong-chung"}
    )
    report("p1", lower, c1="4", c2="100", c3="60", c5="40", c18="1.250")
    report("v1", lower, c1="3", c2="50", c3="20", c5="30", c18="500")
    services.fill_from_below(obligation, by=SYSTEM, at=AT)
    draft = selectors.draft_of(obligation)
    assert draft is not None
    texts = draft.figures
    assert texts["main/I.unit/p1/c18"] == "1.250.000"
    assert texts["main/II.unit/v1/c18"] == "500.000"
    assert not any("/v2/" in name or "/II.unit/p1/" in name for name in texts)
    assert [texts[f"main/{row}//c18"] for row in ("I", "II", "total")] == ["1.250.000", "500.000", "1.750.000"]
    assert [texts[f"main/{row}//c2"] for row in ("I", "II", "total")] == ["100", "50", "150"]
    assert [one.key for one in selectors.prefill(obligation).missing] == ["v2"]


@pytest.mark.django_db
def test_three_levels_each_from_the_one_below() -> None:
    """17a of the communes makes the second table of 17b; 17b makes both tables of 17c."""
    folder = "tt-03-2019-tt-btp"
    a, b, c = (form_of(folder, f"17{one}-btp-htqtct-ct") for one in "abc")
    ministry = orgs.unit("bo", "bo")
    department = orgs.unit("so", "so-tu-phap", under=ministry)
    divisions = [orgs.unit(key, "phong-tu-phap", under=department) for key in ("d1", "d2")]
    for key, above in (("x1", divisions[0]), ("x2", divisions[0]), ("x3", divisions[1])):
        orgs.unit(key, "ubnd-xa", under=above)
    orgs.grow()
    rule = make_rule(key="years", name="Năm", kind="year", starts="01-01")
    for form, reporter, receiver in (
        (a, "ubnd-xa", "phong-tu-phap"),
        (b, "phong-tu-phap", "so-tu-phap"),
        (c, "so-tu-phap", "bo"),
    ):
        owe(form, rule, reporter, receiver, deadlines={})
    period = services.open_period("years", year=2024, by=SYSTEM, at=AT)
    for form in (a, b, c):
        services.raise_obligations(form.key, period, by=SYSTEM, at=AT)
    report("x1", a, table="own", c1="10", c2="2", c3="1")
    report("x2", a, table="own", c1="5", c2="1", c3="1")
    filled = services.fill_from_below(owed("d1", b), by=SYSTEM, at=AT)
    assert filled.taken.texts == {
        f"communes/unit/{unit}/II.{n}": text
        for unit, texts in (("x1", ("10", "2", "1")), ("x2", ("5", "1", "1")))
        for n, text in enumerate(texts, 1)
    }
    signed = tuple((role, "Nguyễn Văn An") for role in selectors.definition_of(b).signatures)
    draft = selectors.draft_of(owed("d1", b))
    assert draft is not None
    own = {f"own/total//I.{n}": "7" for n in range(1, 5)}
    services.save_draft(owed("d1", b), figures=draft.figures | own, by=SYSTEM, at=AT)
    sent = services.submit_draft(owed("d1", b), by=SYSTEM, at=AT, signatures=signed)
    services.accept(sent, by=SYSTEM, at=AT)
    services.fill_from_below(owed("so", c), by=SYSTEM, at=AT)
    top = selectors.draft_of(owed("so", c))
    assert top is not None
    assert top.figures["divisions/unit/d1/I.1"] == "7"
    assert top.figures["districts/unit/d1/II.1"] == "15"
    assert top.figures["districts/total//II.1"] == "15"
    assert not any("/d2/" in name for name in top.figures)


def test_every_upper_form_names_columns_that_exist_below() -> None:
    """A source that is in the pack has the row and the columns that the upper form takes from it."""
    forms = {form.key: form.definition for form in read_pack(PACK).forms}
    seen = 0
    for form in forms.values():
        for table in form.tables:
            for source in table.lines_from:
                if (below := forms.get(source.form)) is not None and below.has_layout:
                    there = below.table(source.table)
                    assert source.row in there.rows_by_id, (form.key, source)
                    for column in source.columns:
                        assert column.column in there.positions, (form.key, column)
                        seen += 1
    assert seen > 50
