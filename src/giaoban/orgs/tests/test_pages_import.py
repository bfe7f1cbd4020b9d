"""The pages of an import: upload, slips with their mends, preview, files."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.kit.permissions import Role
from giaoban.orgs.models import ImportState, ReorganisationImport
from giaoban.orgs.selectors import reorganising as held
from giaoban.orgs.tests import factories
from giaoban.orgs.tests.land import ON, Land, land
from giaoban.orgs.tests.pages import browser, text
from giaoban.orgs.tests.test_reorganising import MERGER, SLIPPED, opened

pytestmark = pytest.mark.django_db

LIST = "orgs:imports"


@pytest.fixture
def here() -> Land:
    return land()


@pytest.fixture
def clerk(here: Land) -> Client:
    return browser(here.province, Role.ADMINISTRATOR)


def upload(client: Client, content: str, **more: object) -> tuple[int, str]:
    words = {
        "file": SimpleUploadedFile("bang.csv", content.encode()),
        "on": ON.isoformat(),
        "title": "Sắp xếp xã",
        "basis": "Nghị quyết 1",
        "basis_on": date(2026, 6, 1).isoformat(),
        "reason": "sắp xếp lại",
        **more,
    }
    response = client.post(reverse(LIST), words)
    return response.status_code, response.get("Location", "") or response.content.decode()


def test_whoever_manages_several_units_says_for_which_one_the_table_is(here: Land) -> None:
    user = factories.person("two")
    for place in (here.office, here.province):
        factories.post(user, place, Role.ADMINISTRATOR)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    status, page = upload(client, SLIPPED)
    assert status == 422
    assert "Nhập với tư cách" in page
    status, _ = upload(client, SLIPPED, unit=str(here.province.pk))
    assert status == 302
    assert ReorganisationImport.objects.get().unit == here.province


def address(name: str, row: ReorganisationImport) -> str:
    return reverse(f"orgs:{name}", args=[row.pk])


def test_a_table_is_uploaded_examined_and_decided(here: Land, clerk: Client) -> None:
    assert "Chưa nhập bảng nào" in text(clerk, reverse(LIST))
    status, place = upload(clerk, SLIPPED)
    assert status == 302
    row = ReorganisationImport.objects.get()
    assert place == address("import", row)
    page = text(clerk, place)
    assert "Bảng còn 1 chỗ phải quyết định" in page
    assert "Dùng mã 0003: Xã C (Tỉnh Mẫu)" in page
    assert "3 dòng: 2 nơi chuyển toàn bộ" in page
    assert clerk.get(address("import-preview", row)).status_code == 422
    slip = held.examination_of(row).to_decide[0]
    wrong = clerk.post(address("import-decide", row), {"slip": slip.key, "choice": "9"})
    assert wrong.status_code == 422
    done = clerk.post(f"{address('import-decide', row)}?loai=unknown-code", {"slip": slip.key, "choice": "1"})
    assert (done.status_code, done["Location"]) == (302, f"{place}?loai=unknown-code")
    assert "Bảng không còn chỗ nào phải quyết định" in text(clerk, place)
    decided = text(clerk, f"{place}?loai=da-quyet-dinh")
    assert "Dùng mã 0003: Xã C (Tỉnh Mẫu)" in decided
    clerk.post(address("import-decide", row), {"back": slip.key})
    assert "Bảng còn 1 chỗ phải quyết định" in text(clerk, place)
    clerk.post(address("import-decide", row), {"kind": "unknown-code"})
    assert "Bảng không còn chỗ nào phải quyết định" in text(clerk, place)


def test_the_preview_names_what_happens_and_asks_for_the_name(here: Land, clerk: Client) -> None:
    row = opened(here)
    page = text(clerk, address("import-preview", row))
    assert "Phường E" in page
    assert "Ủy ban nhân dân xã A" in page
    wrong = clerk.post(address("import-preview", row), {"confirm_name": "khác"})
    assert wrong.status_code == 422
    assert 'value="khác" aria-invalid="true"' in wrong.content.decode()
    assert held.applying(row).work == "none"
    unseen = clerk.post(address("import-preview", row), {"confirm_name": row.title, "seen": "x"})
    assert unseen.status_code == 422
    assert "kết quả khác đi" in unseen.content.decode()
    assert held.applying(row).work == "none"
    seen = page.split('name="seen" value="')[1].split('"')[0]
    done = clerk.post(address("import-preview", row), {"confirm_name": row.title, "seen": seen})
    assert (done.status_code, done["Location"]) == (302, address("import", row))
    page = text(clerk, address("import", row))
    assert "Đang áp dụng 2 dòng" in page
    assert 'hx-trigger="every 3s"' in page


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "trống"), ("a,b\n1,2\n", "thiếu cột"), ("Mã cũ,Mã mới,Phần\n", "chỉ có dòng tiêu đề")],
)
def test_a_file_that_is_no_table_is_refused_beside_its_field(clerk: Client, content: str, words: str) -> None:
    status, page = upload(clerk, content)
    assert status == 422
    assert words in page
    assert "Nghị quyết 1" in page
    assert not ReorganisationImport.objects.exists()


def test_files_of_an_import(here: Land, clerk: Client) -> None:
    row = opened(here, SLIPPED)
    clerk.post(address("import-decide", row), {"kind": "unknown-code"})
    table = clerk.get(address("import-table", row)).content.decode("utf-8-sig")
    assert table.splitlines()[0].startswith("Mã cũ,Tên cũ")
    assert "0003,Xã C" in table
    assert "0033" not in table
    decisions = clerk.get(address("import-decisions", row)).content.decode("utf-8-sig")
    assert "Dùng mã 0003" in decisions
    slips = clerk.get(address("import-slips", row)).content.decode("utf-8-sig")
    assert "Không có trong bảng" in slips


def test_a_table_is_dropped(here: Land, clerk: Client) -> None:
    row = opened(here, MERGER)
    assert clerk.post(address("import-drop", row)).status_code == 302
    row.refresh_from_db()
    assert row.state == ImportState.DROPPED
    assert "Bỏ bảng này" not in text(clerk, address("import", row))
    assert clerk.post(address("import-drop", row)).status_code == 422


def test_own_unit_sibling_and_a_person_without_the_right(here: Land, clerk: Client) -> None:
    row = opened(here, SLIPPED)
    text(clerk, address("import", row))
    text(browser(here.office, Role.ADMINISTRATOR), address("import", row), 404)
    officer = browser(here.province, Role.OFFICER)
    text(officer, address("import", row), 404)
    assert officer.get(reverse(LIST)).status_code == 403
    assert officer.post(address("import-decide", row), {"kind": "unknown-code"}).status_code == 404
    row.refresh_from_db()
    assert row.decisions == {}


def test_queries_do_not_grow_with_the_rows(here: Land, clerk: Client) -> None:
    few, many = (
        opened(here, SLIPPED),
        opened(here, SLIPPED + "".join(f"{code},,0009,,x\n" for code in range(5000, 5100))),
    )
    counted = []
    for row in (few, few, many):
        with CaptureQueriesContext(connection) as queries:
            text(clerk, address("import", row))
        counted.append(len(queries))
    assert counted[1] == counted[2]
    assert counted[2] <= 30
