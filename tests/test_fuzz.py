"""Bad input: whatever comes in is taken or refused with a sentence; nothing crashes, swells or takes for ever.

The corpora are made here, no file is kept. What is dangerous for a process is tried in a process of its own, whose
memory (the largest it ever was, its children's too) and time are measured.
"""

import io
import json
import os
import random
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from giaoban.core.issues import sentence
from giaoban.kit.permissions import Role
from giaoban.reporting import services
from giaoban.reporting.models import Draft, Intake, Submission
from giaoban.reporting.rules.archives import kind_of, pieces
from giaoban.reporting.rules.sent_json import read_report
from giaoban.reporting.rules.strict_json import JsonRefused
from giaoban.reporting.selectors.intake import files_of
from giaoban.reporting.services.intake import OUR_FAULT, begin_intake, take_intake
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_intake import csv, workbook
from giaoban.reporting.tests.test_pages import browser

MEGABYTE = 2**20
MOST_MEMORY = 512 * MEGABYTE
MOST_SECONDS = 60.0
NO_CHECK = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)


@pytest.fixture
def world() -> World:
    return tiny_world()


@pytest.fixture
def head(world: World) -> Client:
    return browser(world, world.lights["n1"])


# --- archives and workbooks, made to break a reader ---------------------------------------------------------------


def noise(size: int) -> bytes:
    """Bytes without sense, the same ones each time."""
    return random.Random(size).randbytes(size)  # noqa: S311 - nothing secret


def zipped(entries: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def book(sheet: bytes, *, shared: bytes = b"", name: str = "S") -> bytes:
    """The smallest .xlsx that holds this sheet."""
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kinds = (
        f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
    )
    entries = {
        "[Content_Types].xml": kinds.encode(),
        "_rels/.rels": (
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ).encode(),
        "xl/workbook.xml": (
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="{name}" sheetId="1" r:id="r1"/></sheets>'
            "</workbook>"
        ).encode(),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>'
        ).encode(),
        "xl/worksheets/sheet1.xml": sheet,
    }
    if shared:
        entries["xl/sharedStrings.xml"] = shared
    return zipped(entries)


def sheet(rows: bytes) -> bytes:
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b'<worksheet xmlns="' + main + b'"><sheetData>' + rows + b"</sheetData></worksheet>"


def cell(address: str, value: str = "1") -> bytes:
    row = "".join(filter(str.isdigit, address))
    return f'<row r="{row}"><c r="{address}"><v>{value}</v></c></row>'.encode()


def declared(entries: int, size: int) -> bytes:
    """A zip whose directory says that its entries are small, while they are not."""
    made = zipped({f"{number}.xlsx": b"\0" * size for number in range(entries)})
    return made.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))


def nested(depth: int) -> bytes:
    content = zipped({"a.csv": b"a,b\n"})
    for level in range(depth):
        content = zipped({f"{level}.zip": content})
    return content


def bad_names() -> bytes:
    names = (
        "../../../etc/passwd",
        "/etc/shadow",
        "C:\\windows\\x.csv",
        "a\\..\\b.csv",
        "x" * 400,
        "\u202egpj.csv",
        " ",
        "con",
    )
    return zipped(dict.fromkeys(names, b"a,b\n1,2\n"))


def legacy_names() -> bytes:
    """Names in the old code page, and in UTF-8 without saying so."""
    made = zipped({"aaaaaaaaaa.csv": b"a", "bbbbbbbbbb.csv": b"b"})
    return made.replace(b"aaaaaaaaaa", "Xã Tân12".encode()).replace(b"bbbbbbbbbb", b"\xff\xfe\x81\x8d\x8f\x90\x9dabc")


def encrypted() -> bytes:
    made = bytearray(zipped({"n1.csv": b"a,b\n1,2\n"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        made[made.index(mark) + offset] |= 1
    return bytes(made)


def entities() -> bytes:
    """An external entity, and the laughs."""
    dtd = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "&a;&a;&a;&a;">]>'
    return book(dtd + sheet(b'<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>'))


def laughs() -> bytes:
    lines = [b'<!ENTITY l0 "ha">'] + [f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">'.encode() for n in range(1, 10)]
    strings = b"<!DOCTYPE sst [" + b"".join(lines) + b"]><sst><si><t>&l9;</t></si></sst>"
    return book(sheet(b'<row r="1"><c r="A1" t="s"><v>0</v></c></row>'), shared=strings)


def many_rows(count: int = 10_000, width: int = 20) -> bytes:
    rows = (
        f'<row r="{row}">{"".join(f"<c><v>{row}</v></c>" for _ in range(width))}</row>'.encode()
        for row in range(1, count + 1)
    )
    return book(sheet(b"".join(rows)))


def many_empty_cells(count: int = 5 * MEGABYTE) -> bytes:
    """Megabytes of nothing: what a parser that keeps its tree chokes on."""
    return book(sheet(b'<row r="1">' + b'<c r="A1"/>' * count + b"</row>"))


def opendocument(body: bytes) -> bytes:
    office = b"urn:oasis:names:tc:opendocument:xmlns:"
    head = b'<office:document-content xmlns:office="%soffice:1.0" xmlns:table="%stable:1.0">' % (office, office)
    content = head + b"<office:body><office:spreadsheet>" + body + b"</office:spreadsheet></office:body>"
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": kind, "content.xml": content + b"</office:document-content>"})


FILES: dict[str, Callable[[], bytes]] = {
    "a bomb": lambda: zipped({"a.xlsx": b"\0" * (300 * MEGABYTE)}),
    "a bomb of many": lambda: zipped({f"{n}.csv": b"\0" * (9 * MEGABYTE) for n in range(40)}),
    "a bomb that lies": lambda: declared(3, 30 * MEGABYTE),
    "a bomb as a workbook": lambda: book(sheet(b" " * (80 * MEGABYTE))),
    "a workbook as large as allowed": many_empty_cells,
    "a workbook just not too full": lambda: many_empty_cells(MEGABYTE + 300_000),
    "a cell far away": lambda: book(sheet(cell("XFD1048576"))),
    "a cell beyond every sheet": lambda: book(sheet(cell("ZZZ9999999"))),
    "rows out of order": lambda: book(sheet(cell("A900000") + cell("A1"))),
    "an external entity": entities,
    "a thousand million laughs": laughs,
    "ten thousand rows": many_rows,
    "wrong sheets": lambda: book(sheet(cell("A1")), name="_meta"),
    "no sheet at all": lambda: zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}),
    "XML that ends": lambda: book(sheet(cell("A1"))[:60]),
    "XML that nests": lambda: book(b"<a>" * 200_000),
    "numbers that are none": lambda: book(sheet(cell("A1", "1e99999") + cell("A2", "NaN") + cell("A3", "9" * 5000))),
    "an .ods that repeats": lambda: opendocument(
        b'<table:table table:name="S"><table:table-row table:number-rows-repeated="1048576">'
        b'<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="16384"/>'
        b"</table:table-row></table:table>"
    ),
    "an .ods of garbage": lambda: opendocument(b"\0\xff<<<"),
    "an .xls of garbage": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise(60_000),
    "an .xls of nothing": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4096,
    "nested zips": lambda: nested(30),
    "bad names": bad_names,
    "old names": legacy_names,
    "a password": encrypted,
    "an empty zip": lambda: zipped({}),
    "the mark of a zip alone": lambda: b"PK\x03\x04",
    "a DOCX": lambda: zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}),
    "random bytes": lambda: noise(200_000),
    "a PDF": lambda: b"%PDF-1.7\n" + b"x" * 1000,
    "a page": lambda: b"<html><table><tr><td>1</td></tr></table></html>",
    "JSON": lambda: b'{"figures": {}}',
    "UTF-16": lambda: "unit,đèn\n".encode("utf-16"),
    "NUL": lambda: b"unit,form\0,period\n",
    "one endless field": lambda: b'unit,"' + b"x" * (3 * MEGABYTE),
    "a million empty lines": lambda: b"\n" * MEGABYTE,
    "a header that repeats itself": lambda: b"unit," * MEGABYTE,
    "as many units as a file holds": lambda: (
        csv("n1") + b"".join(b"u%d,act-1:lamps,2024-Q1,,own,total,,all,1,,\n" % number for number in range(20_000))
    ),
    "a million cells": lambda: many_rows(4_900, 200),
    "a million commas": lambda: b"," * MEGABYTE,
    "quotes": lambda: b'"' * 100_001,
    "rows that all are wrong": lambda: csv("n1") + b"x,y\n" * 200_000,
    "a file too large": lambda: b"unit,form\n" * (2 * MEGABYTE),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_refused_with_a_sentence_and_the_next_one_is_taken(world: World, name: str) -> None:
    started = time.monotonic()
    good = workbook(world, "n1")
    intake = begin_intake([("bad", FILES[name]()), ("n1.xlsx", good)], by=SYSTEM, at=AT)
    take_intake(intake.pk, by=SYSTEM, seconds=None)
    *bad, last = files_of(intake)
    assert bad
    for file in bad:
        assert (file.state, file.sentence != OUR_FAULT) == ("refused", True), file.sentence
        assert file.sentence.endswith(".")
        assert not {"\0", "\u202e", "\n"} & set(file.filename)
    assert last.state == "taken"
    assert Submission.objects.count() == 1
    assert time.monotonic() - started < MOST_SECONDS


@pytest.mark.django_db
def test_old_names_are_read_as_what_they_are(world: World) -> None:
    intake = begin_intake([("old.zip", legacy_names())], by=SYSTEM, at=AT)
    first, second = files_of(intake)
    assert first.filename == "old.zip/Xã Tân12.csv"
    assert second.filename.startswith("old.zip/")


# --- one of each over HTTP --------------------------------------------------------------------------------------


HTTP = ("a bomb", "a cell far away", "an external entity", "an .ods that repeats", "an .xls of garbage", "bad names")


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*HTTP, "a password", "NUL", "JSON", "random bytes"])
def test_the_page_answers_whatever_is_uploaded(world: World, name: str) -> None:
    client = browser(world, world.harbours[0], Role.RECEIVER)
    file = SimpleUploadedFile("tệp\u202e.xlsx", FILES[name](), content_type="application/x-lies")
    assert client.post(reverse("reporting:intake-new"), {"files": [file]}).status_code == 302
    intake = Intake.objects.get()
    take_intake(intake.pk, by=SYSTEM, seconds=None)
    page = client.get(reverse("reporting:intake", args=[intake.pk]))
    assert page.status_code == 200
    assert "không nhận" in page.content.decode()
    assert client.get(reverse("reporting:intake-csv", args=[intake.pk])).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("name", HTTP)
def test_the_entry_page_answers_whatever_workbook_is_uploaded(world: World, name: str) -> None:
    client = browser(world, world.lights["n1"])
    file = SimpleUploadedFile("x.xlsx", FILES[name]())
    answer = client.post(reverse("reporting:read-workbook", args=[world.owed("n1").pk]), {"workbook": file})
    assert answer.status_code in (302, 422)
    assert not Draft.objects.exists()


@pytest.mark.django_db
def test_more_files_than_a_request_may_carry(world: World) -> None:
    client = browser(world, world.harbours[0], Role.RECEIVER)
    files = [SimpleUploadedFile(f"{number}.csv", b"x") for number in range(2_002)]
    assert client.post(reverse("reporting:intake-new"), {"files": files}).status_code == 400
    huge = client.generic(
        "POST", reverse("reporting:intake-new"), b"--x--", "multipart/form-data; boundary=x", CONTENT_LENGTH=2**33
    )
    assert huge.status_code == 400
    assert not Intake.objects.exists()


# --- by chance --------------------------------------------------------------------------------------------------


def damaged(draw: Any, content: bytes) -> bytes:
    """Bytes changed, cut out, doubled or cut off."""
    made = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(made) - 1)))
        act = draw(st.sampled_from(("change", "cut", "double", "end")))
        if act == "change" and made:
            made[at] = draw(st.integers(0, 255))
        elif act == "cut":
            del made[at : at + draw(st.integers(1, 200))]
        elif act == "double":
            made[at:at] = made[at : at + draw(st.integers(1, 200))]
        else:
            del made[max(at, 1) :]
    return bytes(made)


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=NO_CHECK)
@given(data=st.data())
def test_damaged_workbooks_and_tables(world: World, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(("xlsx", "csv")))
    if source not in GOOD:
        GOOD[source] = workbook(world, "n1") if source == "xlsx" else csv("n1")
    with transaction.atomic():
        intake = begin_intake([("x", damaged(data.draw, GOOD[source]))], by=SYSTEM, at=AT)
        take_intake(intake.pk, by=SYSTEM, seconds=None)
        for file in files_of(intake):
            assert file.state in ("taken", "refused", "unchanged")
            assert file.state == "taken" or file.sentence.endswith(".")
            assert file.sentence != OUR_FAULT
        transaction.set_rollback(True)


GOOD: dict[str, bytes] = {}


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=NO_CHECK)
@given(text=st.text(st.characters(codec="utf-8"), max_size=400))
def test_any_text_as_a_table_is_refused_with_sentences(text: str) -> None:
    with pytest.raises(services.ImportRefused) as refusal:
        services.import_csv(text.encode(), "x.csv", by=SYSTEM, at=AT)
    assert all(sentence(one) for one in refusal.value.issues)


@settings(max_examples=300)
@given(content=st.binary(max_size=600))
def test_any_bytes_are_of_some_kind_and_come_apart(content: bytes) -> None:
    assert kind_of(content) in ("workbook", "text", "archive", "other")
    for one in pieces("x.zip", io.BytesIO(content)):
        assert one.content or one.refusal


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("figures", "notes", "explanations", "signatures", "document_date", "amendment_reason", "else")


@settings(max_examples=300)
@given(body=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4) | JSON)
def test_any_json_is_a_report_or_refused(body: Any) -> None:
    try:
        found = read_report(json.dumps(body).encode())
    except JsonRefused as refusal:
        assert refusal.sentence.endswith(".")
    else:
        assert all(isinstance(text, str) for text in found.texts.values())


@pytest.mark.django_db
@settings(max_examples=40, suppress_health_check=NO_CHECK)
@given(figures=st.dictionaries(st.text(max_size=30) | st.just("own/total//all"), JSON, max_size=4))
def test_any_figures_sent_by_a_program_are_answered(world: World, head: Client, figures: dict[str, Any]) -> None:
    answer = send(head, world.owed("n1").pk, json.dumps({"figures": figures}).encode())
    assert answer.status_code == 422
    assert answer.json()["sentence"].endswith(".")


def send(client: Client, report: int, content: bytes) -> Any:
    return client.post(f"/api/v1/reports/{report}/submission", content, content_type="application/json")


# --- in a process of its own, measured -----------------------------------------------------------------------------


CHILD = """
import io, json, resource, sys, time
import django
django.setup()
from giaoban.core.tidy import read_tidy
from giaoban.kit.filetext import marked_secret_file
from giaoban.kit.workbooks.guard import WorkbookRefused
from giaoban.kit.workbooks.opening import Reader
from giaoban.reporting.rules.archives import is_overfull, kind_of, pieces
from giaoban.reporting.workbooks.reading import ANY_FORM

started = time.monotonic()
with open(sys.argv[1], "rb") as stream, Reader() as reader:
    for piece in pieces("x.zip", stream):
        if not is_overfull(piece.content):
            marked_secret_file(piece.content, piece.name)
        kind = kind_of(piece.content)
        try:
            if kind == "workbook":
                reader.open(piece.content, ANY_FORM)
        except WorkbookRefused:
            pass
        if kind == "text":
            read_tidy(piece.content.decode("utf-8", "replace"))
with open("/proc/self/status") as status:  # what getrusage says of a process begins with the size of its parent
    own = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
sizes = [own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
print(json.dumps({"kilobytes": sizes, "seconds": time.monotonic() - started}))
"""


@pytest.mark.parametrize("name", FILES)
def test_no_file_swells_or_holds_up_a_process(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(FILES[name]())
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "giaoban.config.settings"},
        capture_output=True,
        timeout=MOST_SECONDS * 3,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    used = json.loads(done.stdout)
    assert max(used["kilobytes"]) * 1024 <= MOST_MEMORY
    assert used["seconds"] < MOST_SECONDS
