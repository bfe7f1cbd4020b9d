"""Narrative reports of the lights and harbours of `reporting.tests.factories`: an outline, a report, a bound figure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from giaoban.briefs.models import BoundFigure, NarrativeReport, Outline, Section
from giaoban.briefs.services import reports, writing
from giaoban.documents.services import load_template
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Field, Unit
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

PARTS = [
    {"key": "results", "heading": "Kết quả", "per_field": True, "fields": []},
    {"key": "plans", "heading": "Phương hướng", "per_field": False, "fields": []},
]
QUARTERS = {"key": "quarters", "name": "Quarters", "kind": "quarter", "starts": "01-01"}


@dataclass
class Written:
    """`world` with two fields of work, an outline, and the report of the north harbour for the first quarter."""

    world: World
    outline: Outline
    report: NarrativeReport

    @property
    def harbour(self) -> Unit:
        return self.world.harbours[0]

    @property
    def sections(self) -> list[Section]:
        return list(Section.objects.filter(report=self.report).select_related("report__outline", "field", "act"))

    @property
    def first(self) -> Section:
        return self.sections[0]

    def actor(self, unit: Unit | None = None, role: Role = Role.HEAD) -> Actor:
        return self.world.actor(unit or self.harbour, role)

    def write(self, text: str, section: Section | None = None, *, by: Actor | None = None) -> Section:
        one = section or self.first
        return writing.save_section(one, text=text, version=one.version, by=by or self.actor(), at=AT)

    def write_all(self, text: str = "Đã làm đủ.") -> None:
        for one in self.sections:
            if not one.text:
                self.write(text, one)

    def bind(self, column: str = "all", section: Section | None = None, *, scale: int = 0, **more: str) -> BoundFigure:
        """The total of a column over the harbour's lights."""
        return writing.bind_figure(
            section or self.first,
            source="reporting.cell",
            reference=self.reference(column, **more),
            label=f"Cột {column}",
            scale=scale,
            by=self.actor(),
            at=AT,
        )

    def reference(self, column: str = "all", **more: str) -> dict[str, str]:
        world = self.world
        named = {"form": world.form.key, "period": world.period.code, "unit": self.harbour.key, "table": "own"}
        return {**named, "row": "total", "column": column, **more}


def outline(**changes: Any) -> Outline:
    given: dict[str, Any] = {
        "key": "quarterly",
        "name": "Báo cáo quý",
        "title": "Kết quả {period}",
        "rule": QUARTERS,
        "parts": PARTS,
        "law": False,
    }
    return Outline.objects.create(**{**given, **changes})


def report_of(held: Outline, unit: Unit, *, by: Actor = SYSTEM) -> NarrativeReport:
    return reports.create_report(held, unit_id=unit.pk, period_code="2024-Q1", by=by, at=AT)


def written() -> Written:
    world = tiny_world()
    for position, key in enumerate(("lamps", "boats")):
        Field.objects.create(key=key, name=key.capitalize(), position=position)
    held = outline()
    return Written(world, held, report_of(held, world.harbours[0]))


def templates() -> None:
    """The paper of a narrative report, as the pack of this repository lays it out."""
    folder = Path(settings.BASE_DIR) / "packs" / "justice-vn" / "templates"
    assets = {"nd30.typ": (folder / "nd30.typ").read_bytes()}
    for engine, suffix in (("typst", "typ"), ("docx", "docx")):
        file = folder / f"bao-cao-bang-loi.{suffix}"
        load_template(
            key="bao-cao-bang-loi",
            engine=engine,
            title="Báo cáo",
            filename=file.name,
            content=file.read_bytes(),
            assets=assets if engine == "typst" else None,
        )
