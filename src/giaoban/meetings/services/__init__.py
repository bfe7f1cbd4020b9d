"""Writes of meetings: plan, prepare, hold, record the conclusion, issue its notice."""

from giaoban.meetings.services.agenda import add_agenda_item, build_agenda
from giaoban.meetings.services.books import prepare_book
from giaoban.meetings.services.conclusions import (
    change_kind,
    record_paragraph,
    set_clears,
    split_paragraph,
    undo,
)
from giaoban.meetings.services.notices import RENDER_JOB, complete_notice, issue_notice, render_notice
from giaoban.meetings.services.planning import (
    add_participants,
    attach_file,
    attach_title_card,
    hold,
    plan_meeting,
    record_attendance,
)
from giaoban.meetings.services.refusals import ConclusionRefused, MeetingRefused

__all__ = [
    "RENDER_JOB",
    "ConclusionRefused",
    "MeetingRefused",
    "add_agenda_item",
    "add_participants",
    "attach_file",
    "attach_title_card",
    "build_agenda",
    "change_kind",
    "complete_notice",
    "hold",
    "issue_notice",
    "plan_meeting",
    "prepare_book",
    "record_attendance",
    "record_paragraph",
    "render_notice",
    "set_clears",
    "split_paragraph",
    "undo",
]
