"""What the interface gives and takes. Field names are a promise: added to, never renamed within a version."""

from datetime import date, datetime
from typing import Any, Final

from ninja import Field, Schema

from giaoban.reporting.rules import CAPACITIES

REFUSED: Final = frozenset({401, 403, 404, 409, 422})


class Report(Schema):
    """A report that a unit owes. id: its number in the addresses."""

    id: int
    unit: str
    unit_name: str
    form: str
    period: str
    instalment: str
    period_name: str
    receiver: str = Field(description='Key of the unit that receives it; "" when nobody does.')
    due_on: date | None
    state: str = Field(description="missing, draft, sent, accepted or returned")
    state_name: str
    timing: str
    returned_because: str
    version: int | None = Field(description="The latest version that was sent.")
    receipt: str
    sent_at: datetime | None
    simulated: bool


class ReportItem(Schema):
    id: int
    unit: str
    form: str
    period: str
    instalment: str
    due_on: date | None
    state: str


class ReportPage(Schema):
    count: int
    items: list[ReportItem]
    next_offset: int | None


class Sent(Schema):
    """The receipt. `sent_at` is the moment of the server."""

    report: int
    receipt: str
    version: int
    sent_at: datetime


class Finding(Schema):
    """One fault. key: the name under which a warning is explained; at: the cell, "table/row/subunit/column"."""

    code: str
    severity: str
    sentence: str
    at: str
    key: str


class ReportRefusal(Schema):
    """As `Refusal`; each fault also has its severity, and the key under which a warning is explained."""

    code: str
    sentence: str
    at: str
    faults: list[Finding] = Field(default_factory=list)


SUBMISSION: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["figures"],
                    "additionalProperties": False,
                    "properties": {
                        "figures": {
                            "type": "object",
                            "description": 'Cell "table/row/subunit/column" (+ "/estimate") → a number, or a text as '
                            'typed on the page: "1.204", "85,91", "-" for a declared nil, "x" for not applicable.',
                            "additionalProperties": {"type": ["string", "number", "null"]},
                        },
                        "notes": {"type": "string"},
                        "explanations": {"type": "object", "additionalProperties": {"type": "string"}},
                        "signatures": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["role", "name"],
                                "additionalProperties": False,
                                "properties": {
                                    "role": {"type": "string", "description": "As the form prints it."},
                                    "name": {"type": "string"},
                                    "capacity": {
                                        "type": "string",
                                        "enum": list(CAPACITIES),
                                        "description": 'How the last one signs: "KT" for the head, "" for oneself.',
                                    },
                                    "principal": {"type": "string", "description": "Who stands behind the prefix."},
                                    "deputised": {"type": "string", "description": "The office behind a second KT."},
                                    "title": {"type": "string", "description": "The signer's own office."},
                                    "authority": {"type": "string", "description": "The act behind a TUQ."},
                                    "until": {"type": "string", "format": "date", "description": "Its last day."},
                                },
                            },
                        },
                        "document_number": {"type": "string"},
                        "document_date": {"type": "string", "format": "date"},
                        "amendment_reason": {"type": "string"},
                    },
                }
            }
        },
    }
}
"""The body of a submission for the description of the interface; `reading` reads it strictly."""
