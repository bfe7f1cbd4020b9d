"""Files of figures: what goes in comes out, whatever the form; every damage is noticed and said."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from giaoban.core.forms import FormDefinition, checksum, parse_form
from giaoban.core.tidy import figures_from_rows, read_tidy
from giaoban.reporting.archive import csvs, layout, manifest, reading, verifying, writing
from giaoban.reporting.archive.layout import StoredLine
from giaoban.reporting.engines import duck
from giaoban.reporting.engines.questions import Question, Wanted
from giaoban.reporting.tests.factories import dynamic_form_data, form_data

KEY = "act-1:lamps"
PERIOD = {"rule": "quarters", "code": "2024-Q1", "instalment": "", "label": "Quý I", "start": "2024-01-01"}
SENT = datetime(2024, 4, 3, 1, 2, 3, 456789, tzinfo=UTC)
LARGEST = 2**63 - 1
IDS = st.from_regex(r"[a-z][a-z0-9_]{0,5}(\.[a-z0-9_]{1,3})?", fullmatch=True)
TABLES = st.from_regex(r"[a-z][a-z0-9_]{0,4}", fullmatch=True)
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


@st.composite
def columns(draw: st.DrawFn) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for name in draw(st.lists(IDS, min_size=1, max_size=5, unique=True)):
        if draw(st.integers(0, 4)) == 0:
            made.append({"id": name, "label": "x", "kind": "text"})
        else:
            made.append({"id": name, "label": "x", "unit": "u", "scale": draw(st.integers(0, 6)), "signed": True})
    return made


@st.composite
def forms(draw: st.DrawFn) -> tuple[dict[str, Any], FormDefinition]:
    tables = []
    for name in draw(
        st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,4}", fullmatch=True), min_size=1, max_size=3, unique=True)
    ):
        rows: list[dict[str, Any]] = [{"id": one} for one in draw(st.lists(IDS, min_size=1, max_size=3, unique=True))]
        if draw(st.booleans()):
            rows.append({"id": "each", "dynamic": {"one_per": "light"}})
        if len({row["id"] for row in rows}) == len(rows):
            tables.append({"id": name, "rows": rows, "columns": draw(columns())})
    data = form_data(signatures=[], tables=tables or form_data()["tables"])
    return data, parse_form(data, KEY)


@st.composite
def reports(draw: st.DrawFn, form: FormDefinition) -> list[StoredLine]:
    """Lines of some units, in the order of the file; marks and numbers as the database allows them."""
    found: list[StoredLine] = []
    number = st.one_of(st.integers(-LARGEST, LARGEST), st.integers(-99, 99))
    for unit_id in draw(st.lists(st.integers(1, 500), max_size=4, unique=True)):
        version, simulated = draw(st.integers(1, 40)), draw(st.booleans())
        decided = draw(st.sampled_from([None, SENT]))
        for table in form.tables:
            for row in table.rows:
                subunits = draw(st.lists(WORDS, max_size=2, unique=True)) if row.is_dynamic else [""]
                for subunit in subunits:
                    marks = [draw(st.integers(0, 3)) for _ in table.numeric]
                    values = [draw(st.none() | number) if mark == 0 else None for mark in marks]
                    estimates = [draw(st.none() | number) if mark == 0 else None for mark in marks]
                    texts = {column.id: draw(WORDS) for column in table.texts if draw(st.booleans())}
                    head = (f"unit-{unit_id}", unit_id, table.id, row.id, subunit)
                    found.append(StoredLine(*head, values, estimates, marks, texts, version, SENT, decided, simulated))
    return sorted(found, key=lambda line: line.key)


def wide_names(form: FormDefinition, lines: list[StoredLine]) -> set[str]:
    found = set()
    for line in lines:
        for column, value, estimate in zip(form.table(line.table).numeric, line.values, line.estimates, strict=True):
            if value is not None and abs(value) > layout.LARGEST:
                found.add(layout.value_name(line.table, column.id))
            if estimate is not None and abs(estimate) > layout.LARGEST:
                found.add(layout.estimate_name(line.table, column.id))
    return found


def write(path: Path, data: dict[str, Any], form: FormDefinition, lines: list[StoredLine]) -> writing.Written:
    path.unlink(missing_ok=True)
    simulated, wide = any(line.simulated for line in lines), wide_names(form, lines)
    metadata = manifest.metadata(KEY, data, PERIOD, simulated=simulated)
    written = writing.write(path, form, lines, metadata=metadata, wide=wide)
    told = manifest.Told(
        form, "Lamps", PERIOD, 1, len({line.unit for line in lines}), [], [], simulated, SENT, SENT, "content"
    )
    for beside in manifest.beside(path):
        beside.unlink(missing_ok=True)
    manifest.write_beside(path, manifest.text_of(path.name, written, told, sorted(wide)))
    return written


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_what_goes_in_comes_out(tmp_path: Path, data: st.DataObject) -> None:
    definition, form = data.draw(forms())
    if layout.clashes(form):
        return
    lines = data.draw(reports(form))
    path = tmp_path / "v1.parquet"
    written = write(path, definition, form, lines)
    assert list(reading.lines(path, form)) == lines
    assert (written.rows, written.cells) == (len(lines), sum(len(line.marks) for line in lines))
    assert verifying.faults(path) == []
    about = reading.about(path)
    assert about.form == form
    assert about.data == definition


def example(tmp_path: Path, count: int = 3) -> Path:
    data = form_data(signatures=[])
    form = parse_form(data, KEY)
    lines = [
        StoredLine(f"u{n}", n, "own", "total", "", [n, None, 15, -1, None], [None, 2, None, None, None],
                   [0, 0, 0, 0, 3], {"note": "x"}, 1, SENT, SENT, False)
        for n in range(1, count + 1)
    ]  # fmt: skip
    path = tmp_path / "v1.parquet"
    write(path, data, form, lines)
    for one in (path, *manifest.beside(path)):
        one.chmod(0o644)  # so that tests can damage them
    return path


def test_many_batches_are_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "CELLS_IN_MEMORY", 1)
    monkeypatch.setattr(writing, "FEWEST_ROWS", 2)
    path = example(tmp_path, 5)
    assert pq.ParquetFile(path).metadata.num_row_groups == 3
    assert [line.unit_id for line in reading.lines(path, parse_form(form_data(signatures=[]), KEY))] == [1, 2, 3, 4, 5]
    assert verifying.faults(path) == []


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert example(tmp_path).read_bytes() == example(tmp_path / "other").read_bytes()


def test_duckdb_reads_exact_decimals(tmp_path: Path) -> None:
    path = example(tmp_path)
    query = """SELECT sum("own.all"), sum("own.oil"), typeof(any_value("own.oil")) FROM read_parquet(?)"""
    with duckdb.connect() as reader:
        row = reader.execute(query, [str(path)]).fetchone()
    assert [str(one) for one in row or ()] == ["6", "4.5", "DECIMAL(18,1)"]


def test_a_period_of_longer_numbers_is_read_beside_one_of_short_ones(tmp_path: Path) -> None:
    """Their files differ in the type of the column; whichever stands first."""
    data = form_data(signatures=[])
    form = parse_form(data, KEY)
    paths = {}
    for period, value in ((1, 7), (2, LARGEST)):
        paths[period] = tmp_path / f"it's {period}.parquet"
        marks = [0, 2, 3, 1, 3]
        line = StoredLine(
            "u1", 1, "own", "total", "", [value, *[None] * 4], [None] * 5, marks, {}, 1, SENT, SENT, False
        )
        write(paths[period], data, form, [line])
    assert len({str(pq.read_schema(one).field("own.all").type) for one in paths.values()}) == 2
    wanted = tuple(Wanted("own", one.id, n, one.scale) for n, one in enumerate(form.table("own").numeric))
    for order in ((1, 2), (2, 1)):
        asked = Question(0, wanted, (("own", "total"),), dict.fromkeys(order, 0), [{1: (5,)}])
        found = duck.add_up(asked, paths)
        sums = {key.period: added for key, added in found.sums.items()}
        assert [sums[one][0].value for one in (1, 2)] == [Decimal(7), Decimal(LARGEST)]
        assert [one.marks for one in sums[1]] == [(0, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 0), (0, 0, 1)]


def test_a_missing_file_and_a_missing_manifest_are_said(tmp_path: Path) -> None:
    path = example(tmp_path)
    path.with_suffix(".json").unlink()
    assert "không có bản kê v1.json" in verifying.faults(path)[0]
    path.unlink()
    assert verifying.faults(path)[0].startswith("Không có tệp")


def test_a_manifest_that_is_none_is_said(tmp_path: Path) -> None:
    path = example(tmp_path)
    for text in ("{", "[]", '{"sha256": "x"}'):
        path.with_suffix(".json").write_text(text)
        assert "không đọc được" in verifying.faults(path)[0]


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    path = example(tmp_path)
    content = bytearray(path.read_bytes())
    for at in range(0, len(content), 97):
        changed = bytearray(content)
        changed[at] ^= 1
        path.write_bytes(changed)
        assert any("đã khác: SHA-256" in one for one in verifying.faults(path)), at


def test_a_file_cut_short_is_said_to_be_cut(tmp_path: Path) -> None:
    path = example(tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    assert "bị cắt" in verifying.faults(path)[0]
    with pytest.raises(reading.Unreadable, match="không đọc được như tệp Parquet"):
        reading.about(path)


def restamped(path: Path, **changes: Any) -> None:
    """The manifest as somebody would forge it: with the right checksum of the changed file."""
    beside = path.with_suffix(".json")
    told = json.loads(beside.read_text())
    told |= {"sha256": writing.sha256_of(path), "size": path.stat().st_size, **changes}
    beside.write_text(json.dumps(told))


def test_a_foreign_file_is_said_to_be_foreign(tmp_path: Path) -> None:
    path = example(tmp_path)
    pq.write_table(pq.read_table(path).replace_schema_metadata({}), path)
    restamped(path)
    assert "không phải tệp số liệu do Giao Ban ghi" in verifying.faults(path)[0]


def test_a_manifest_that_tells_something_else_is_noticed(tmp_path: Path) -> None:
    path = example(tmp_path)
    restamped(path, rows=4)
    assert "Tệp có 3 dòng, bản kê ghi 4" in verifying.faults(path)[0]
    restamped(path, rows=3, cells=99)
    assert "bản kê ghi 3 dòng, 99 ô" in verifying.faults(path)[0]
    restamped(path, cells=15, simulated=True)
    assert "nhãn số liệu mô phỏng" in verifying.faults(path)[0]
    told = json.loads(path.with_suffix(".json").read_text())
    restamped(path, simulated=False, form={**told["form"], "checksum": "0" * 64})
    assert "Định nghĩa biểu trong tệp khác bản kê" in verifying.faults(path)[0]
    restamped(path, form={**told["form"], "checksum": checksum(form_data(signatures=[]))}, schema=told["schema"][:-1])
    assert "kiểu các cột" in verifying.faults(path)[0]


def test_lines_twice_are_noticed(tmp_path: Path) -> None:
    path = example(tmp_path)
    table = pq.read_table(path)
    pq.write_table(table.take([0, 1, 1]), path, store_decimal_as_integer=True)
    restamped(path)
    assert "bị lặp hoặc sai thứ tự" in verifying.faults(path)[0]


def test_lines_without_the_width_of_their_table_are_not_written(tmp_path: Path) -> None:
    form = parse_form(form_data(signatures=[]), KEY)
    line = StoredLine("u", 1, "own", "total", "", [1], [None], [0], {}, 1, SENT, SENT, simulated=False)
    for wrong in (line, line._replace(table="strange")):
        with pytest.raises(writing.WrongWidth):
            writing.write(tmp_path / "v1.parquet", form, [wrong], metadata=b"{}")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    made, final = tmp_path / "made", tmp_path / "v1.parquet"
    made.write_text("new")
    final.write_text("old")
    with pytest.raises(FileExistsError):
        writing.place(made, final)
    assert final.read_text() == "old"


def test_names_that_only_differ_in_case_are_found() -> None:
    table = form_data()["tables"][0]
    twice = {**table, "columns": [*table["columns"], {"id": "ALL", "label": "x", "unit": "u"}]}
    assert layout.clashes(parse_form(form_data(tables=[twice]), KEY))[0] == "own.all"
    assert layout.clashes(parse_form(dynamic_form_data(), "act-1:lights")) == ()


@pytest.mark.parametrize(
    ("given_path", "expected"),
    [
        (("act-1:lamps", "quarters", "2024-Q1", ""), "act-1__lamps/quarters__2024-Q1"),
        (("act-1:lamps", "q", "2024", "so-bo"), "act-1__lamps/q__2024__so-bo"),
        (("a:b", "q_x", "../2024", ""), "a__b/q%5Fx__..%2F2024"),
    ],
)
def test_the_place_in_the_folder(given_path: tuple[str, str, str, str], expected: str) -> None:
    assert layout.folder_of(*given_path) == expected


def test_as_csv_in_files_that_can_be_taken_in(tmp_path: Path) -> None:
    path = example(tmp_path, 4)
    form = parse_form(form_data(signatures=[]), KEY)
    pieces = list(csvs.tidy(path))
    assert {number for number, _, _ in pieces} == {1}
    rows, issues = read_tidy("".join(text for _, _, text in pieces))
    assert issues == []
    assert len(rows) == sum(cells for _, cells, _ in pieces) == 4 * 6
    figures, faults = figures_from_rows(form, [row for row in rows if row.unit == "u3"])
    assert faults == []
    line = figures["own", "total", ""]
    assert [str(one.value) for one in line.figures] == ["3", "None", "1.5", "-0.01", "None"]
    assert str(line.figures[1].estimate) == "2"
    assert line.texts == {"note": "x"}
    small = list(csvs.tidy(path, most=len(pieces[0][2].encode()) + 10))
    assert [number for number, _, _ in small] == [1, 2, 3, 4]
    assert all(text.startswith("unit,form,period") for _, _, text in small)
