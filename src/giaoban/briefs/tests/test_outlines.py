"""Outlines as the pack has them: what is refused, what is loaded, which sections and periods they give."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from giaoban.briefs.loading import load_outlines
from giaoban.briefs.models import Outline
from giaoban.briefs.selectors.reports import periods_for
from giaoban.briefs.services.reports import plan, title_for
from giaoban.briefs.tests import narratives
from giaoban.core import schemas
from giaoban.core.packchecks import outline_names
from giaoban.core.packmap import Unread
from giaoban.core.packrecords import FieldRecord, OutlinePart, OutlineRecord, Pack, RegimeRecord
from giaoban.core.periods import rule_from_dict
from giaoban.core.spans import Span
from giaoban.orgs.models import Field

FIELD = FieldRecord(key="lamps", name="Lamps", state_management=None, citizen_facing=None, source="s")
RESULTS = OutlinePart(key="results", heading="Kết quả", per_field=True, fields=("lamps",))
PLANS = OutlinePart(key="plans", heading="Phương hướng", per_field=False, fields=())
OUTLINE = OutlineRecord(
    span=Span(None, None),
    key="quarterly",
    name="Báo cáo quý",
    title="Kết quả {period}",
    period_rule="quarters",
    only=(1, 2),
    standing="local",
    basis="",
    source="s",
    notes=(),
    parts=(RESULTS, PLANS),
)
REGIME = RegimeRecord(
    span=Span(None, None),
    key="act-1",
    title="",
    act="",
    number="",
    issued_on=None,
    status="",
    source="s",
    notes=(),
    period_rules=(rule_from_dict(narratives.QUARTERS),),
    deadlines=(),
    obligations=(),
    data={"period_rules": [narratives.QUARTERS]},
)


def pack(outline: OutlineRecord) -> Pack:
    return Pack(
        directory=Path(),
        key="p",
        title="P",
        language="vi",
        version="1",
        timezone="Asia/Ho_Chi_Minh",
        fields=(FIELD,),
        regimes=(REGIME,),
        outlines=(outline,),
    )


@pytest.mark.parametrize(
    ("outline", "reason"),
    [
        (OUTLINE, ""),
        (replace(OUTLINE, period_rule="months"), "no period rule 'months'"),
        (replace(OUTLINE, standing="law"), "names its act"),
        (replace(OUTLINE, parts=(PLANS, PLANS)), "same key"),
        (replace(OUTLINE, parts=(replace(RESULTS, fields=("boats",)),)), "'boats'"),
        (replace(OUTLINE, parts=(replace(PLANS, fields=("lamps",)),)), "per_field"),
    ],
)
def test_what_an_outline_names_must_be_there(outline: OutlineRecord, reason: str) -> None:
    faults = [fault.reason for fault in outline_names(pack(outline), Unread())]
    assert (reason in faults[0]) if reason else faults == []


def test_the_schema_refuses_a_deadline() -> None:
    entry: dict[str, Any] = {
        "key": "a",
        "name": "A",
        "title": "T",
        "period_rule": "quarters",
        "standing": "local",
        "basis": "",
    }
    entry |= {"valid": [None, None], "source": "s", "parts": [{"key": "p", "heading": "P"}]}
    assert schemas.faults("outlines", {"outlines": [entry]}) == []
    assert schemas.faults("outlines", {"outlines": [{**entry, "due": "d25"}]})


@pytest.mark.django_db
def test_an_outline_is_loaded_and_gives_sections_and_periods() -> None:
    Field.objects.create(key="lamps", name="Lamps")
    said: list[str] = []
    load_outlines(pack(OUTLINE), said.append)
    load_outlines(pack(OUTLINE), said.append)
    assert said == ["outlines: 1 added", "outlines: unchanged"]
    outline = Outline.objects.get()
    assert [(one.part, one.heading) for one in plan(outline)] == [("results", "Lamps"), ("plans", "")]
    periods = periods_for(outline, [2024])
    assert [one.code for one in periods] == ["2024-Q1", "2024-Q2"]
    assert title_for(outline, periods[0]) == "Kết quả quý I năm 2024"
