"""The books' page lists the files of a period; who sees every unit in them takes them away. The wide table streams."""

import csv
import hashlib
import io
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.core.figures import NIL
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.reporting import services
from giaoban.reporting.models import Closing, FrozenFile, Submission
from giaoban.reporting.selectors import frozen, wide
from giaoban.reporting.services.freezing import freeze, thaw
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, tiny_world, year_before
from giaoban.reporting.tests.test_pages import browser, text_of
from giaoban.reporting.web.views.frozen import size_in_words

pytestmark = pytest.mark.django_db

FILES = ("reporting:frozen-file", "reporting:frozen-manifest", "reporting:frozen-checksums")


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> World:
    settings.FROZEN_FOLDER = tmp_path
    world = tiny_world()
    world.report("n1", all=10, good=8, oil=Decimal("1.5"))
    world.report("n2", all=4, good=NIL, oil=Decimal("0.5"))
    return world


def closed(world: World) -> FrozenFile:
    services.close_books(world.form, world.period, world.coast.pk, by=SYSTEM, at=AT)
    return freeze(world.form, world.period, by=SYSTEM, at=AT).file


def books(world: World, unit: Unit) -> str:
    return reverse("reporting:books", args=[unit.key, world.form.key, world.period.code])


def wide_csv(world: World, more: str = "") -> str:
    return reverse("reporting:wide-csv", args=[world.form.key, world.period.code]) + more


def bytes_of(answer: Any) -> bytes:
    """The whole answer; the test client closes its file at the end."""
    return b"".join(answer)


def body(answer: Any) -> str:
    return bytes_of(answer).decode()


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(answer), newline="")))


def test_who_sees_all_units_takes_the_file_away_others_read_that_it_is_there(world: World) -> None:
    file = closed(world)
    above, harbour = browser(world, world.coast), browser(world, world.harbours[0])
    page = text_of(above.get(books(world, world.coast)))
    assert "Đang dùng" in page
    assert file.sha256 in page
    for name in FILES:
        address = reverse(name, args=[file.pk])
        assert address in above.get(books(world, world.coast)).content.decode()
        assert bytes_of(above.get(address))
        assert harbour.get(address).status_code == 404
        assert browser(world, world.lights["n1"]).get(address).status_code == 404
        assert above.post(address).status_code == 405
    page = text_of(harbour.get(books(world, world.harbours[0])))
    assert "ngoài phạm vi của bạn" in page
    assert "Tệp Parquet" not in page


def test_what_is_taken_away_can_be_checked_under_its_names(world: World) -> None:
    file = closed(world)
    above = browser(world, world.coast)
    figures, manifest, sums = (above.get(reverse(name, args=[file.pk])) for name in FILES)
    assert figures["Content-Disposition"] == 'attachment; filename="lamps-2024-q1-v1.parquet"'
    assert hashlib.sha256(bytes_of(figures)).hexdigest() == file.sha256
    told = hashlib.sha256(manifest.content).hexdigest()
    assert sums.content.decode() == f"{file.sha256}  lamps-2024-q1-v1.parquet\n{told}  lamps-2024-q1-v1.json\n"


def test_a_simulated_file_says_so_in_its_name_and_on_the_page(world: World) -> None:
    Submission.objects.filter(obligation__unit__key="n1").update(simulated=True)
    file = closed(world)
    above = browser(world, world.coast)
    answer = above.get(reverse(FILES[0], args=[file.pk]))
    assert answer["Content-Disposition"].endswith('-v1-mo-phong.parquet"')
    assert bytes_of(answer)
    assert "số liệu mô phỏng" in text_of(above.get(books(world, world.coast)))


def test_the_page_says_how_each_version_stands(world: World) -> None:
    file = closed(world)
    above = browser(world, world.coast)

    def page() -> str:
        return text_of(above.get(books(world, world.coast)))

    closing, hour = Closing.objects.get(), timedelta(hours=1)
    services.reopen_books(closing, unit_id=world.lights["n1"].pk, reason="x", until=AT + hour, by=SYSTEM, at=AT)
    world.report("n1", at=AT, all=11, good=8)
    assert "có báo cáo tiếp nhận sau khi ghi" in page().lower()
    second = freeze(world.form, world.period, by=SYSTEM, at=AT + timedelta(hours=2)).file
    assert "đã có bản sau" in page().lower()
    thaw(world.form, world.period, reason="wrong unit", by=SYSTEM, at=AT)
    assert "“wrong unit”" in page()
    frozen.path_of(second).unlink()
    assert "không còn nguyên trong kho" in page().lower()
    assert above.get(reverse(FILES[0], args=[second.pk])).status_code == 404
    assert bytes_of(above.get(reverse(FILES[0], args=[file.pk])))


def test_closed_books_without_a_file_say_when_it_comes_and_open_ones_say_nothing(world: World) -> None:
    above = browser(world, world.coast)
    assert "Tệp số liệu" not in text_of(above.get(books(world, world.coast)))
    services.close_books(world.form, world.period, world.coast.pk, by=SYSTEM, at=AT)
    assert "chậm nhất trong đêm" in text_of(above.get(books(world, world.coast)))


def test_the_wide_tables_are_among_the_exports_of_the_consolidated_table(world: World) -> None:
    above = browser(world, world.coast)
    page = above.get(reverse("reporting:table", args=[world.form.key, world.period.code])).content.decode()
    every = reverse("reporting:wide-all-csv", args=[world.form.key])
    for address in (wide_csv(world), every):
        offered = f"{address}?unit={world.coast.key}&amp;bom=1"
        assert offered in page
        assert body(above.get(offered.replace("&amp;", "&"))).startswith("\ufeff")


def test_the_wide_table_has_a_row_per_report_and_a_column_per_cell(world: World) -> None:
    answer = browser(world, world.coast).get(wide_csv(world))
    assert answer["X-Row-Count"] == "2"
    assert answer["Content-Disposition"] == 'attachment; filename="lamps-coast-2024-q1-bang-ngang.csv"'
    rows = rows_of(answer)
    assert [(one["unit"], one["unit_name"], one["version"], one["simulated"]) for one in rows] == [
        ("n1", "Light N1", "1", "0"),
        ("n2", "Light N2", "1", "0"),
    ]
    assert (rows[0]["own.total.all"], rows[0]["own.total.oil"], rows[0]["own.total.age"]) == ("10", "1.5", "")
    assert (rows[1]["own.total.oil"], rows[1]["own.total.good"], rows[1]["own.total.good~m"]) == ("0.5", "", "nil")
    assert rows[0]["own.total.good~m"] == ""
    assert "own.total.all~e" not in rows[0]


def test_the_wide_table_holds_what_is_beneath_and_refuses_strangers(world: World) -> None:
    north, south = world.harbours
    world.report("s1", all=1, good=1)
    assert [one["unit"] for one in rows_of(browser(world, north).get(wide_csv(world)))] == ["n1", "n2"]
    above = browser(world, world.coast)
    assert [one["unit"] for one in rows_of(above.get(wide_csv(world, f"?unit={south.key}")))] == ["s1"]
    assert browser(world, north).get(wide_csv(world, f"?unit={south.key}")).status_code == 404
    assert browser(world, north, Role.INSPECTOR).head(wide_csv(world))["X-Row-Count"] == "2"
    assert above.get(wide_csv(world).replace("2024-Q1", "2030-Q1")).status_code == 404


def test_the_mark_for_spreadsheets_is_an_option_and_nothing_reported_is_an_empty_table(world: World) -> None:
    above = browser(world, world.coast)
    assert body(above.get(wide_csv(world, "?bom=1"))).startswith("\ufeffunit,")
    empty = above.get(wide_csv(world, f"?unit={world.harbours[1].key}"))
    assert empty["X-Row-Count"] == "0"
    assert len(body(empty).splitlines()) == 1


def test_all_periods_come_in_one_table_oldest_first(world: World) -> None:
    before = year_before(world)
    sent = services.submit(
        world.owed("n1", before), figures=world.figures(all=7, good=7), by=SYSTEM, at=AT, signatures=SIGNED
    )
    services.accept(sent, by=SYSTEM, at=AT, explanations=True)
    answer = browser(world, world.coast).get(reverse("reporting:wide-all-csv", args=[world.form.key]))
    assert [(one["period"], one["own.total.all"]) for one in rows_of(answer)] == [
        ("2023-Q1", "7"),
        ("2024-Q1", "10"),
        ("2024-Q1", "4"),
    ]


def test_the_wide_table_costs_the_same_for_more_reports(world: World) -> None:
    above = browser(world, world.coast)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            body(above.get(wide_csv(world)))
        return len(queries)

    few = cost()
    for key in ("n3", "s1", "s2", "s3"):
        world.report(key, all=1, good=1)
    assert cost() == few


def test_a_table_that_lacks_rows_breaks_off_instead_of_looking_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = wide._rows
    monkeypatch.setattr(wide, "_rows", lambda *given: list(whole(*given))[:1])
    answer = browser(world, world.coast).get(wide_csv(world))
    with pytest.raises(wide.ExportBroken, match="1 rows written, 2 announced"):
        body(answer)


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 byte"), (999, "999 byte"), (1536, "1,5 KB"), (2048, "2 KB"), (5 * 1024**2 + 60_000, "5,1 MB")],
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert size_in_words(size) == words
