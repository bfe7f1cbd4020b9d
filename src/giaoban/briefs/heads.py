"""The head that every paper of a unit carries, from what the registers know; what they do not know stays open."""

from datetime import date, datetime

from django.utils import timezone

from giaoban.core.vietnamese import moment
from giaoban.documents.rules.papers import Head, PaperDate
from giaoban.orgs import selectors as orgs


def paper_date(day: date | None) -> PaperDate | None:
    return {"day": day.day, "month": day.month, "year": day.year} if day else None


def head_of(
    unit_id: int,
    on: date,
    *,
    doc_type: str,
    subject: str,
    dated: date | None,
    recipients: list[str],
    simulated_note: str,
    source_note: str,
    at: datetime,
) -> Head:
    """The head for a paper of a unit as called on a day.

    The superior body is the parent on the first line of subordination (by key) on which the unit has one that day; the
    place is the name of the unit's area. dated: the day printed on the paper, None prints dots.
    """
    unit = orgs.card(unit_id, on)
    return {
        "superior": superior_of(unit_id, on),
        "body": unit.name,
        "place": orgs.area_card(unit.area_id, on).bare if unit.area_id is not None else None,
        "date": paper_date(dated),
        "doc_type": doc_type,
        "subject": subject,
        "recipients": recipients,
        "simulated": bool(simulated_note),
        "simulated_note": simulated_note,
        "source_note": source_note,
        "generated": moment(timezone.localtime(at)),
    }


def superior_of(unit_id: int, on: date) -> str | None:
    for held in orgs.parents_of(unit_id):
        if (held.valid_from is None or held.valid_from <= on) and (held.valid_to is None or held.valid_to > on):
            return held.parent.name
    return None
