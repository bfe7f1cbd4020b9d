"""The national world of the measurements: the real communes of the pack, generated figures in a made-up form."""

import random
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import connection, transaction
from django.utils import timezone

from bench import making
from giaoban.config.paths import ROOT
from giaoban.config.preparation import prepare
from giaoban.core.figures import Mark
from giaoban.kit.actors import system_actor
from giaoban.kit.acts import act
from giaoban.kit.packs import load_pack
from giaoban.orgs import selectors as orgs
from giaoban.reporting import services
from giaoban.reporting.models import FormVersion, Obligation, Period, Submission, SubmissionLine

FORM, CELLS = "request:bench-60", 60
ON = date(2026, 6, 10)
SEED = 20261122
MISSING_SHARE, RESENT_SHARE, ESTIMATE_SHARE = 0.03, 0.05, 0.5


@dataclass(frozen=True, slots=True)
class World:
    form: FormVersion
    period: Period
    nation: int
    province: int
    communes: int
    lines: int
    missing: int


def build(*, fresh: bool) -> World:
    """The world, made when the database holds none."""
    prepare()
    by, at = system_actor("bench"), timezone.now()
    form = FormVersion.objects.filter(key=FORM).first()
    if form is None or fresh:
        with transaction.atomic():
            if form is not None:
                _forget(form)
            form = _make(by, at)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as the server does by itself in quiet minutes
    period = Period.objects.get(rule__key="tt17-6t", code="2026-6T")
    current = Submission.objects.filter(obligation__form=form, is_current=True)
    communes = Obligation.objects.filter(form=form).count()
    return World(
        form=form,
        period=period,
        nation=_unit("bo-tu-phap"),
        province=_unit("so-tu-phap:ho-chi-minh-2025"),
        communes=communes,
        lines=SubmissionLine.objects.filter(submission__in=current).count(),
        missing=communes - current.count(),
    )


def _unit(key: str) -> int:
    unit_id = orgs.unit_id_of(key)
    if unit_id is None:
        raise LookupError(key)
    return unit_id


def _forget(form: FormVersion) -> None:
    SubmissionLine.objects.filter(submission__obligation__form=form).delete()
    Submission.objects.filter(obligation__form=form).delete()
    Obligation.objects.filter(form=form).delete()
    form.delete()


def _make(by: Any, at: datetime) -> FormVersion:
    load_pack(ROOT / "packs" / "justice-vn", by=by, at=at, say=lambda _: None)
    data = yaml.safe_load((Path(__file__).parent / "form.yaml").read_text(encoding="utf-8"))
    data["valid"] = ["2025-07-01", None]
    form = making.form_version(data, FORM, date(2025, 7, 1))
    period = services.open_period("tt17-6t", year=2026, by=by, at=at)
    reports = []
    for province in orgs.children_of(_unit("bo-tu-phap"), "professional", ON):
        children = orgs.children_of(province.id, "professional", ON)
        reports += [(child.id, province.id) for child in children if child.kind == "ubnd-xa"]
    obligations = Obligation.objects.bulk_create(
        [
            Obligation(unit_id=commune, receiver_id=province, form=form, period=period, due_on=ON, simulated=True)
            for commune, province in reports
        ],
        batch_size=2000,
    )
    _report(obligations, by, at)
    return form


def _report(obligations: list[Obligation], by: Any, at: datetime) -> None:
    """Reports of most communes: some sent twice, half with estimates, some cells nil, not applicable or blank."""
    dice = random.Random(SEED)
    with act("bench.fill", by=by, at=at) as entry:
        submissions = []
        for obligation in obligations:
            if dice.random() < MISSING_SHARE:
                continue
            versions = 2 if dice.random() < RESENT_SHARE else 1
            submissions += [
                making.submission(
                    obligation,
                    f"BENCH-{obligation.pk}-{version}",
                    entry,
                    at,
                    cells=CELLS,
                    version=version,
                    of=versions,
                )
                for version in range(1, versions + 1)
            ]
        Submission.objects.bulk_create(submissions, batch_size=2000)
        SubmissionLine.objects.bulk_create(
            (line for submission in submissions for line in _lines(submission, dice)), batch_size=2000
        )


def _lines(submission: Submission, dice: random.Random) -> list[SubmissionLine]:
    estimated = dice.random() < ESTIMATE_SHARE
    lines = []
    for row in range(1, 7):
        marks = dice.choices([Mark.REPORTED, Mark.NIL, Mark.NOT_APPLICABLE, Mark.BLANK], weights=[88, 6, 3, 3], k=10)
        values = [dice.randrange(5000) if mark is Mark.REPORTED else None for mark in marks]
        estimates = [dice.randrange(500) if estimated and value is not None else None for value in values]
        lines.append(making.line(submission, f"r{row}", values, estimates, marks))
    return lines
