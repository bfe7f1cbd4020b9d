import csv
from decimal import Decimal
from io import StringIO

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.indicators import services as indicator_services
from giaoban.indicators.tests.factories import indicator
from giaoban.kit.permissions import Role
from giaoban.monitoring import services
from giaoban.monitoring.models import Finding, WatchRule
from giaoban.monitoring.tests.factories import report_all, watch_rule
from giaoban.orgs.models import Unit
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db


N3 = ">Light N3</a>"


@pytest.fixture
def world() -> World:
    return tiny_world()


@pytest.fixture
def rule(world: World) -> WatchRule:
    report_all(world)
    return watch_rule(world)


@pytest.fixture
def found(world: World, rule: WatchRule) -> list[Finding]:
    """Proposals of the coast about n3 and s3."""
    return services.run_watch(rule, world.period, watcher_id=world.coast.pk, by=SYSTEM, at=AT)


def browser(world: World, unit: Unit, role: Role = Role.HEAD) -> Client:
    user_id = world.actor(unit, role).user_id or 0
    client = Client()
    client.force_login(
        apps.get_model("accounts", "User")._default_manager.get(pk=user_id),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def text(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()


def test_the_matrix_for_parent_own_unit_and_sibling(world: World, rule: WatchRule) -> None:
    url = reverse("monitoring:matrix")
    page = text(browser(world, world.coast), url)
    assert "Chưa có số theo địa bàn" not in page
    assert "Tỷ lệ đèn tốt: 2 đơn vị kém mức chung 80,00 % từ 2 điểm trở lên, nặng nhất là Light N3" in page
    assert (
        "Light N3, tỷ lệ đèn tốt 60,00 %: thấp hơn mức chung 80,00 % là 20,00 điểm, hạng 6/6; chưa có số cùng kỳ."
        in page
    )
    page = text(browser(world, world.harbours[0]), url)
    assert "Light N3" in page
    assert "Light S3" not in page
    assert "Light N3" not in text(browser(world, world.lights["s1"]), url)


def test_the_matrix_without_figures_says_so(world: World) -> None:
    assert "Chưa có số liệu để theo dõi" in text(browser(world, world.coast), reverse("monitoring:matrix"))


def test_the_matrix_filters_by_the_tags_of_fields(world: World, rule: WatchRule) -> None:
    fields = apps.get_model("orgs", "Field")._default_manager
    lamps = fields.create(key="lamps", name="Đèn", state_management=True, citizen_facing=None)
    fields.create(key="fog", name="Còi sương", state_management=True, position=1)
    rule.indicator.field_id = lamps.pk
    rule.indicator.save()
    client, url = browser(world, world.coast), reverse("monitoring:matrix")
    page = text(client, f"{url}?loc=quan-ly-nha-nuoc")
    assert "Light N3" in page
    assert "Còi sương" in page
    assert "Light N3" not in text(client, f"{url}?loc=gan-voi-dan")
    assert "Light N3" in text(client, f"{url}?loc=whatever")


def test_the_matrix_leaves_as_csv_with_both_sums(world: World, rule: WatchRule) -> None:
    response = browser(world, world.harbours[0]).get(reverse("monitoring:matrix-csv"))
    rows = list(csv.DictReader(StringIO(response.content.decode())))
    assert [(row["unit"], row["numerator"], row["denominator"], row["value"], row["rank"]) for row in rows] == [
        ("n1", "95", "100", "95.000000", "1"),
        ("n2", "80", "100", "80.000000", "4"),
        ("n3", "60", "100", "60.000000", "6"),
    ]
    assert {row["simulated"] for row in rows} == {"0"}


def test_findings_for_those_who_judge_and_those_who_do_not(world: World, found: list[Finding]) -> None:
    url = reverse("monitoring:findings")
    assert "2 phát hiện chờ xem" in text(browser(world, world.coast), f"{url}?trang-thai=proposed")
    for unit, role in ((world.coast, Role.INSPECTOR), (world.harbours[0], Role.HEAD), (world.lights["n3"], Role.HEAD)):
        assert N3 not in text(browser(world, unit, role), url)
        text(browser(world, unit, role), reverse("monitoring:finding", args=[found[0].pk]), 404)
    services.judge(found[0], confirm=True, reason="đã kiểm tra", by=SYSTEM, at=AT)
    for unit, role in ((world.coast, Role.INSPECTOR), (world.harbours[0], Role.HEAD), (world.lights["n3"], Role.HEAD)):
        assert N3 in text(browser(world, unit, role), url)
        text(browser(world, unit, role), reverse("monitoring:finding", args=[found[0].pk]))
    assert N3 not in text(browser(world, world.harbours[1]), url)
    client = browser(world, world.coast)
    assert "Không có phát hiện nào ở đây" in text(client, f"{url}?loai=good")
    assert N3 in text(client, f"{url}?loai=weak&trang-thai=confirmed")


def test_a_finding_is_confirmed_on_its_page_and_taken_back(world: World, found: list[Finding]) -> None:
    client, url = browser(world, world.coast, Role.RECEIVER), reverse("monitoring:finding", args=[found[0].pk])
    page = text(client, url)
    assert "từ 60 trên 100" in page
    assert "80,00 %, từ 480 trên 600 của 6 đơn vị" in page
    response = client.post(url, {"act": "judge", "verdict": "confirm", "reason": ""})
    assert response.status_code == 422
    assert "Chưa ghi được ý kiến" in response.content.decode()
    response = client.post(url, {"act": "judge", "verdict": "confirm", "reason": "đã kiểm tra"}, follow=True)
    assert "Đã xác nhận phát hiện." in response.content.decode()
    assert Finding.objects.get(pk=found[0].pk).state == "confirmed"
    response = client.post(url, {"act": "reopen", "reason": "nhầm"}, follow=True)
    assert "trở về trạng thái đề xuất" in response.content.decode()


def test_a_second_click_does_not_undo_the_first(world: World, found: list[Finding]) -> None:
    client, url = browser(world, world.coast), reverse("monitoring:finding", args=[found[0].pk])
    form = {"act": "judge", "verdict": "confirm", "reason": "đã kiểm tra"}
    client.post(url, form)
    response = client.post(url, form | {"verdict": "reject", "reason": "đèn đã sửa"})
    assert response.status_code == 422
    assert "Phát hiện này đã có ý kiến" in response.content.decode()
    assert Finding.objects.get(pk=found[0].pk).judgement == "đã kiểm tra"


def test_judging_without_the_right_is_refused_by_name(world: World, found: list[Finding]) -> None:
    services.judge(found[0], confirm=True, reason="đã kiểm tra", by=SYSTEM, at=AT)
    response = browser(world, world.harbours[0]).post(
        reverse("monitoring:finding", args=[found[0].pk]), {"act": "reopen", "reason": "không đồng ý"}
    )
    assert response.status_code == 403
    assert "xác nhận phát hiện" in response.content.decode()


def test_a_rule_shows_whom_it_would_name_and_runs(world: World, rule: WatchRule) -> None:
    client, url = browser(world, world.coast), reverse("monitoring:rule", args=[rule.key])
    page = text(client, url)
    assert "Light N3" in page
    assert "Ghi 2 đề xuất" in page
    response = client.post(url, {"act": "run"}, follow=True)
    assert "2 phát hiện chờ xem" in response.content.decode()
    page = text(browser(world, world.coast, Role.INSPECTOR), url)
    assert "Light N3" not in page
    assert browser(world, world.coast, Role.INSPECTOR).post(url, {"act": "run"}).status_code == 403
    text(client, reverse("monitoring:rule", args=["nothing"]), 404)


def test_a_rules_setting_is_changed_from_above_only(world: World, rule: WatchRule) -> None:
    url = reverse("monitoring:rule", args=[rule.key])
    assert "Thiết lập dùng chung" not in text(browser(world, world.harbours[0]), url)
    assert browser(world, world.harbours[0]).post(url, {"n": "5", "reason": "thử"}).status_code == 422
    client = browser(world, world.coast)
    assert client.post(url, {"n": "0", "reason": "thử"}).status_code == 422
    response = client.post(url, {"n": "5", "reason": "xem nhiều hơn"}, follow=True)
    assert "đổi từ 2 thành 5: xem nhiều hơn" in response.content.decode()
    rule.refresh_from_db()
    assert rule.settings["n"] == 5


def test_an_indicator_without_figures_of_any_locality_is_named_under_the_table(world: World, rule: WatchRule) -> None:
    definition = {**rule.indicator.definition, "numerator": {"table": "own", "row": "total", "column": "oil"}}
    indicator(world, "oil", name="Dầu mỗi đèn", definition=definition)
    page = text(browser(world, world.coast), reverse("monitoring:matrix"))
    assert f"Chưa có số theo địa bàn: Dầu mỗi đèn ({world.period.label})." in page


def test_title_and_order_speak_of_the_column_that_most_localities_have(world: World, rule: WatchRule) -> None:
    definition = {**rule.indicator.definition, "numerator": {"table": "own", "row": "total", "column": "oil"}}
    indicator(world, "oil", name="Bình quân dầu", definition=definition)
    rule.indicator.position = 1
    rule.indicator.save()
    world.report("s3", all=100, good=70, rate=70, oil=3)
    page = text(browser(world, world.coast), reverse("monitoring:matrix"))
    assert page.index("Bình quân dầu, %") < page.index("Tỷ lệ đèn tốt, %")
    assert "Tỷ lệ đèn tốt: 2 đơn vị kém" in page
    assert page.index("Light N1</a>") < page.index("Light S3</a>")


def test_the_matrix_leads_to_what_disagrees_and_the_old_addresses_still_do(world: World) -> None:
    row = indicator_services.record_discrepancy(
        key="lamps",
        what="Tỷ lệ đèn tốt: công bố và tính từ tổng",
        unit_id=world.coast.pk,
        period_id=world.period.pk,
        indicator_id=None,
        published=Decimal("87.04"),
        computed=Decimal("85.91"),
        measure="%",
        recognised_as="trung bình cộng của các tỷ lệ",
        source="https://example.org/lamps",
        by=SYSTEM,
        at=AT,
    )
    client = browser(world, world.coast)
    assert "1 chênh lệch chờ quyết định" in text(client, reverse("monitoring:matrix"))
    for old, new in (
        ("chenh-lech/?loai=parts", f"{reverse('indicators:discrepancies')}?loai=parts"),
        (f"chenh-lech/{row.pk}/", reverse("indicators:discrepancy", args=[row.pk])),
    ):
        answer = client.get(reverse("monitoring:matrix") + old)
        assert (answer.status_code, answer.headers["Location"]) == (301, new)


def test_the_unit_page_begins_with_the_finding(world: World, found: list[Finding]) -> None:
    page = text(browser(world, world.coast), reverse("orgs:unit", args=["n3"]))
    assert "Tỷ lệ đèn tốt <b>60,00 %</b>, thấp hơn mức chung 20,00 điểm, <b>hạng 6/6</b>." in page
    assert reverse("monitoring:finding", args=[found[0].pk]) in page
    page = text(browser(world, world.coast), reverse("orgs:unit", args=["coast"]))
    assert "gộp từ 6 đơn vị; <b>2 đơn vị</b> kém mức chung từ 2 điểm trở lên." in page
    page = text(browser(world, world.harbours[0]), reverse("orgs:unit", args=["n3"]))
    assert reverse("monitoring:finding", args=[found[0].pk]) not in page


def test_queries_do_not_grow_with_the_units(world: World) -> None:
    rule = watch_rule(world)
    client = browser(world, world.coast)
    urls = [reverse(f"monitoring:{name}") for name in ("matrix", "findings")]
    urls.append(reverse("monitoring:rule", args=[rule.key]))

    def counted() -> list[int]:
        services.run_watch(rule, world.period, watcher_id=world.coast.pk, by=SYSTEM, at=AT)
        counts = []
        for url in urls:
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            counts.append(len(queries))
        return counts

    world.report("n1", all=100, good=95, rate=95)
    few = counted()
    for light in ("n2", "n3", "s1", "s2", "s3"):
        world.report(light, all=100, good=50, rate=50)
    assert counted() == few
    assert max(few) <= 35
