"""Writes of this room: one function per act."""

from giaoban.orgs.services.effecting import refusal_of, refused_events, take_effect
from giaoban.orgs.services.events import preview, record
from giaoban.orgs.services.posts import PostRefused, delegate, end_post, give_post
from giaoban.orgs.services.previewing import Preview, recorded_effects, shown_to
from giaoban.orgs.services.refusals import EventRefused
from giaoban.orgs.services.undoing import can_undo, undo

__all__ = [
    "EventRefused",
    "PostRefused",
    "Preview",
    "can_undo",
    "delegate",
    "end_post",
    "give_post",
    "preview",
    "record",
    "recorded_effects",
    "refusal_of",
    "refused_events",
    "shown_to",
    "take_effect",
    "undo",
]
