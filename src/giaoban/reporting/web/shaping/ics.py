"""A list of days as an iCalendar file (RFC 5545): all-day events, text in UTF-8, lines of at most 75 octets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

MEDIA_TYPE = "text/calendar; charset=utf-8"
LONGEST_LINE = 75
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


@dataclass(frozen=True, slots=True)
class Event:
    """An all-day event. key: the same for the same event in every file, so that a calendar never doubles it."""

    key: str
    on: date
    title: str
    about: str
    url: str = ""


def calendar_file(name: str, events: Iterable[Event], *, at: datetime, host: str) -> str:
    """at: when the file was made, in UTC. host: of the product, to make the keys unique in the world."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Giao Ban//Lich bao cao//VI", "CALSCALE:GREGORIAN"]
    lines.append(f"X-WR-CALNAME:{_text(name)}")
    for event in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_text(event.key)}@{host}",
            f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{event.on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{event.on + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_text(event.title)}",
            f"DESCRIPTION:{_text(event.about)}",
            *([f"URL:{event.url}"] if event.url else []),
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in _folded(line))


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _folded(line: str) -> Iterator[str]:
    """The line cut where it grows too long, never inside a letter; a part after a cut begins with a space."""
    part, room = "", LONGEST_LINE
    for letter in line:
        size = len(letter.encode())
        if size > room:
            yield part
            part, room = " ", LONGEST_LINE - 1
        part += letter
        room -= size
    yield part
