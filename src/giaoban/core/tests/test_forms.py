from typing import Any

import pytest

from giaoban.core.forms import FormError, Reference, checksum, form_faults, parse_form, resolve, slug
from giaoban.core.tests.forms_for_tests import capture, form, two_tables


def table_of(data: dict[str, Any], position: int = 0) -> dict[str, Any]:
    table: dict[str, Any] = data["tables"][position]
    return table


def reasons(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(".".join(map(str, fault.path)), fault.reason) for fault in form_faults(data, "capture:lamps")]


def test_a_form_is_read_with_its_defaults() -> None:
    read = form(capture())
    table = read.table("own")
    assert [column.id for column in table.numeric] == ["all", "good", "oil", "rate", "age"]
    assert table.positions["rate"] == 3
    assert [column.required for column in table.columns] == [True, True, False, False, False, False]
    assert [column.roll_up for column in table.columns] == ["sum", "sum", "sum", "rate", "none", "none"]
    assert table.columns_by_id["note"].unit == ""
    assert table.only_row is not None
    assert table.only_row.id == "total"


def test_only_a_legal_form_read_in_full_may_look_official() -> None:
    legal = capture(kind="legal", act="Harbour Act", labels="as-in-source")
    key = "harbour-act:lamps"
    assert parse_form(legal, key).printable_as_official
    assert not parse_form({**legal, "labels": "shortened"}, key).printable_as_official
    assert not parse_form({**legal, "verified": "partial"}, key).printable_as_official
    assert not form(capture()).printable_as_official


def test_rows_and_dynamic_rows() -> None:
    lights = form(two_tables()).table("lights")
    assert [row.id for row in lights.fixed_rows] == ["total"]
    assert lights.dynamic_rows[0].one_per == "light"
    assert lights.rows_by_id["total"].sum_of == ("unit",)
    assert lights.only_row is None


def test_lines_that_people_name_stand_for_no_unit() -> None:
    data = two_tables()
    table_of(data, 1)["rows"][1]["dynamic"] = {"named": "kind of light"}
    row = form(data).table("lights").dynamic_rows[0]
    assert (row.is_dynamic, row.one_per, row.named) == (True, None, "kind of light")
    table_of(data, 1)["rows"][1]["dynamic"] = {"named": "kind of light", "one_per": "light"}
    assert reasons(data)


def test_how_grave_a_wrong_total_is_stands_with_the_total() -> None:
    data = two_tables()
    assert form(data).table("lights").rows_by_id["total"].sum_severity == "error"
    table_of(data, 1)["rows"][0]["sum_severity"] = "warning"
    assert form(data).table("lights").rows_by_id["total"].sum_severity == "warning"
    table_of(data, 1)["rows"][1]["sum_severity"] = "warning"
    assert [place for place, _ in reasons(data)] == ["tables.1.rows.1.sum_severity"]


def test_what_a_form_replaces_and_what_it_stands_in_for() -> None:
    read = form(capture(replaces=["harbour-act:lamps"], interim_for=["7", "8a"]))
    assert (read.replaces, read.interim_for) == (("harbour-act:lamps",), ("7", "8a"))
    assert read.has_layout


def test_what_another_body_reports_too() -> None:
    held = {"cell": "good", "form": "pilots", "cell_there": "own.seen", "by": "same-area", "source": "made-up"}
    (read,) = form(capture(reconciles=[{**held, "days_apart": 3}])).reconciles
    assert (read.cell, read.form) == (Reference("own", "total", "good"), "capture:pilots")
    assert (read.by, read.days_apart, read.source) == ("same-area", 3, ("made-up",))
    assert form(capture()).reconciles == ()
    assert [place for place, _ in reasons(capture(reconciles=[{**held, "cell": "bad"}]))] == ["reconciles.0.cell"]
    for wrong in ({"by": "love"}, {"days_apart": 0}, {"source": None}):
        assert reasons(capture(reconciles=[{**held, **wrong}]))


def test_lines_come_from_the_level_below_with_its_full_key_and_units() -> None:
    data = two_tables()
    table_of(data, 1)["lines_from"] = {
        "form": "lamps-of-a-light",
        "table": "own",
        "row": "total",
        "map": {"II.1": "c1", "II.2": {"column": "c2", "factor": "0.001"}},
    }
    source = form(data).table("lights").lines_from[0]
    assert (source.form, source.into) == ("capture:lamps-of-a-light", "unit")
    assert [(one.to, one.column, str(one.factor)) for one in source.columns] == [
        ("II.1", "c1", "None"),
        ("II.2", "c2", "0.001"),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("own.I.1", Reference("own", "s", "I.1")),
        ("own.s.I.1", Reference("own", "s", "I.1")),
        ("lights.II.1", Reference("lights", None, "II.1")),
        ("lights.total.II.1", Reference("lights", "total", "II.1")),
        ("lights.unit.II.1", Reference("lights", "unit", "II.1", is_dynamic=True)),
    ],
)
def test_names_of_rules(name: str, expected: Reference) -> None:
    assert resolve(form(two_tables()).tables, name) == expected


def test_the_table_may_be_left_out_when_there_is_one() -> None:
    assert resolve(form(capture()).tables, "good") == Reference("own", "total", "good")
    with pytest.raises(ValueError, match="names no column"):
        resolve(form(two_tables()).tables, "II.1")


def test_a_name_that_could_be_two_cells_is_refused() -> None:
    data = capture()
    table_of(data)["rows"].append({"id": "a"})
    table_of(data)["columns"] += [
        {"id": "b", "label": "b", "unit": "lamp"},
        {"id": "a.b", "label": "a.b", "unit": "lamp"},
    ]
    with pytest.raises(ValueError, match="2 different cells"):
        resolve(form(data).tables, "own.a.b")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("lights.II.1 >", "ends too early"),
        ("lights.II.1 + 1", "compares nothing"),
        ("1 < 2", "names no column"),
        ("lights.II.9 > 1", "names no column"),
        ("lights.unit.II.1 > 1", "inside sum"),
        ("1 + lights.unit.II.1 > sum(lights.unit.II.1)", "inside sum"),
    ],
)
def test_rules_that_cannot_be_tried(rule: str, said: str) -> None:
    data = two_tables(checks=[{"rule": "own.I.1 >= 0", "severity": "note"}, {"rule": rule, "severity": "error"}])
    (path, reason), *others = reasons(data)
    assert path == "checks.1.rule"
    assert said in reason
    assert not others


def test_a_rule_runs_on_the_lines_of_one_table_only() -> None:
    data = two_tables(checks=[{"rule": "lights.II.1 > own.I.1", "severity": "error"}])
    assert form(data).checks[0].table == "lights"
    table_of(data)["rows"].append({"id": "second"})
    assert "one by one" in reasons(data)[0][1]


def changed(what: str) -> dict[str, Any]:
    data = two_tables() if what.startswith(("row", "lines", "dynamic")) else capture()
    own = table_of(data)
    match what:
        case "table twice":
            data["tables"].append(own)
        case "column twice":
            own["columns"].append(own["columns"][0])
        case "row twice":
            own["rows"].append({"id": "s"})
        case "row parent":
            own["rows"].append({"id": "t", "parent": "nobody"})
        case "row loop":
            own["rows"] += [{"id": "t", "sum_of": "u"}, {"id": "u", "sum_of": ["t"]}]
        case "dynamic total":
            table_of(data, 1)["rows"][1]["sum_of"] = "total"
        case "sum of nobody":
            own["rows"][0]["sum_of"] = "nobody"
        case "part of nobody":
            own["columns"][0]["part_of"] = "note"
        case "part loop":
            own["columns"][0]["part_of"] = "good"
        case "rate without formula":
            del own["columns"][3]["formula"]
        case "formula name":
            own["columns"][3]["formula"] = "100 * nobody"
        case "formula loop":
            own["columns"][3]["formula"] = "rate + 1"
        case "formula compares":
            own["columns"][3]["formula"] = "good = all"
        case "lines into":
            own["lines_from"] = {"form": "f", "table": "t", "row": "r", "map": {"I.1": "c"}}
        case "lines map":
            table_of(data, 1)["lines_from"] = {"form": "f", "table": "t", "row": "r", "map": {"I.1": "c"}}
        case "text with unit":
            own["columns"][5]["unit"] = "lamp"
        case "number without unit":
            del own["columns"][0]["unit"]
        case "empty span":
            data["valid"] = ["2020-01-01", "2020-01-01"]
        case "kind":
            data["kind"] = "legal"
        case "code":
            data["code"] = "lamp"
        case "labels":
            data["labels"] = "as-in-source"
    return data


@pytest.mark.parametrize(
    ("what", "path", "said"),
    [
        ("table twice", "tables.1.id", "twice"),
        ("column twice", "tables.0.columns.6.id", "twice"),
        ("row twice", "tables.0.rows.1.id", "twice"),
        ("row parent", "tables.0.rows.1.parent", "not a row"),
        ("row loop", "tables.0.rows.1.sum_of", "back to itself"),
        ("dynamic total", "tables.1.rows.1.sum_of", "cannot be a total"),
        ("sum of nobody", "tables.0.rows.0.sum_of", "not a row"),
        ("part of nobody", "tables.0.columns.0.part_of", "not a number column"),
        ("part loop", "tables.0.columns.0.part_of", "back to itself"),
        ("rate without formula", "tables.0.columns.3.roll_up", "needs a formula"),
        ("formula name", "tables.0.columns.3.formula", "not a number column"),
        ("formula loop", "tables.0.columns.3.formula", "back to itself"),
        ("formula compares", "tables.0.columns.3.formula", "compares"),
        ("lines into", "tables.0.lines_from", "dynamic row"),
        ("lines map", "tables.1.lines_from.map.I.1", "not a number column"),
        ("text with unit", "tables.0.columns.5.unit", "has no unit"),
        ("number without unit", "tables.0.columns.0", "'unit' is missing"),
        ("empty span", "valid", "empty span"),
        ("kind", "kind", "is capture"),
        ("code", "code", "file is named"),
        ("labels", "labels", "own layout"),
    ],
)
def test_what_is_wrong_with_a_form_is_said_at_its_place(what: str, path: str, said: str) -> None:
    found = reasons(changed(what))
    assert any(at == path and said in reason for at, reason in found), found


def test_every_fault_is_told_and_parsing_refuses_with_all() -> None:
    data = changed("formula name")
    table_of(data)["columns"][1]["part_of"] = "nobody"
    with pytest.raises(FormError) as refused:
        form(data)
    assert len(refused.value.faults) == 2
    assert refused.value.path == ("tables", 0, "columns", 1, "part_of")


def test_a_title_only_form_has_no_tables() -> None:
    data = capture(verified="title-only")
    assert ("tables", "a form of which only the title is known has no tables") in reasons(data)
    del data["tables"]
    assert form(data).tables == ()


def test_the_checksum_sees_content_and_not_the_order_of_keys() -> None:
    data = capture()
    assert checksum(data) == checksum(dict(reversed(data.items())))
    assert checksum(data) != checksum(capture(title="Lamps!"))


def test_slug() -> None:
    assert slug("17b/BTP/HTQTCT/CT") == "17b-btp-htqtct-ct"
    assert slug("  Đèn biển — số 2 ") == "den-bien-so-2"


MEAN = {"id": "mean", "label": "Mean", "unit": "day", "roll_up": "weighted", "weight": "all"}


def with_column(**changes: Any) -> dict[str, Any]:
    """The form with a weighted mean that has some words changed; None takes a word away."""
    data = capture()
    column = {name: value for name, value in {**MEAN, **changes}.items() if value is not None}
    table_of(data)["columns"].append(column)
    return data


def test_how_a_column_is_read_over_units_and_periods() -> None:
    columns = form(with_column(nature="closing")).table("own").columns_by_id
    mean, good = columns["mean"], columns["good"]
    assert (mean.roll_up, mean.weight, mean.nature, mean.keeps) == ("weighted", "all", "closing", True)
    assert (good.roll_up, good.weight, good.nature, good.keeps) == ("sum", None, "flow", False)
    assert form(capture()).volume is None
    assert form(capture(volume="own.total.good")).volume == Reference("own", "total", "good")


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"weight": None}, "roll_up", "needs the column that weighs it"),
        ({"weight": "mean"}, "weight", "cannot weigh itself"),
        ({"weight": "nobody"}, "weight", "not a number column"),
        ({"weight": "note"}, "weight", "not a number column"),
        ({"weight": "rate"}, "weight", "does not add up"),
        ({"roll_up": "max"}, "weight", "only a weighted mean"),
        ({"roll_up": "last", "weight": None, "nature": "closing"}, "nature", "says already which"),
        ({"roll_up": "rate", "weight": None, "formula": "good / all", "nature": "opening"}, "nature", "a rate follows"),
        ({"roll_up": "texts", "weight": None}, "roll_up", "not one of"),
        ({"nature": "stock"}, "nature", "not one of"),
        ({"kind": "text", "unit": None, "roll_up": "max", "weight": None}, "roll_up", "not one of"),
        ({"kind": "text", "unit": None, "roll_up": "texts"}, "weight", "has no weight"),
        ({"kind": "text", "unit": None, "roll_up": "texts", "weight": None, "nature": "flow"}, "nature", "no nature"),
    ],
)
def test_rules_of_columns_that_contradict_themselves(changes: dict[str, Any], path: str, said: str) -> None:
    found = reasons(with_column(**changes))
    assert any(at == f"tables.0.columns.6.{path}" and said in reason for at, reason in found), found


def test_a_volume_is_one_cell_that_adds_up() -> None:
    for name, said in (("own.total.age", "does not add up"), ("own.total.x", "names no column"), ("x", "names no")):
        assert [(at, said in reason) for at, reason in reasons(capture(volume=name))] == [("volume", True)]
    assert "stands for several lines" in reasons(two_tables(volume="lights.II.1"))[0][1]


def test_what_is_not_said_is_not_in_the_checksum() -> None:
    """The defaults of the new words change no form that was published without them."""
    assert checksum(capture()) == "1f2a23ae803ef7589b882516daecc4ff327accf60c7debf563a7ae233425c66c"
