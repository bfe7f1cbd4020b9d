"""An event as JSON-ready data and back.

{"on": "2025-07-01", "kind": "merge", "steps": [{"step": "merge", "tree": "area", "olds": ["xa:1", "xa:2"],
"into": {"key": "xa:3", "kind": "xa", "name": "Xã Ba", "parents": [["territory", "tinh:a"]]}, "children": "follow"}]}

Each step has the fields of its class; those that are empty or at their default may be left out. Shares are strings.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final, get_args

from giaoban.core.events.steps import REORGANISE, STEPS, Children, Event, NewThing, Part, Split, Step
from giaoban.core.timeline import Tree

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
LONGEST: Final[Mapping[str, int]] = {"name": 200, "short_name": 200, "code": 20, "duties": 500, "source": 200}
"""Letters that a text of people may have, by its field."""


class EventError(ValueError):
    """Data that is no event. path: where, like "steps[2].olds"; reason: a Vietnamese sentence."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def to_data(event: Event) -> dict[str, Any]:
    """Ready for json.dumps; `from_data` gives the same event back."""
    return {
        "on": event.on.isoformat(),
        "kind": event.kind,
        "steps": [{"step": step.slug, **_plain(step)} for step in event.steps],
    }


def _plain(value: Any) -> Any:
    """Dataclasses as mappings without what is at its default, tuples as lists, decimals as text."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    told = ((one, getattr(value, one.name)) for one in fields(value))
    return {one.name: _plain(held) for one, held in told if one.default is MISSING or held != one.default}


def from_data(data: Mapping[str, Any]) -> Event:
    """The event that the data tell. EventError with path and reason when they tell none; keys are not looked up."""
    _known(data, {"on", "kind", "steps"}, "")
    text = _text(data.get("on"), "on")
    try:
        on = date.fromisoformat(text)
    except ValueError:
        raise EventError("on", f"“{text}” không phải là ngày. Ghi ngày theo dạng năm-tháng-ngày.") from None
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        raise EventError("on", f"Năm {on.year} nằm ngoài khoảng {FIRST_YEAR}–{LAST_YEAR}. Kiểm tra ngày hiệu lực.")
    steps = data.get("steps")
    if not isinstance(steps, list):
        raise EventError("steps", "Thiếu danh sách nội dung của biến động.")
    event = Event(on, tuple(_step(step, f"steps[{place}]") for place, step in enumerate(steps)))
    kind = _text(data.get("kind", ""), "kind")
    if kind not in ("", event.kind, REORGANISE):
        raise EventError("kind", f"Loại “{kind}” không khớp với các nội dung của biến động.")
    return Event(on, event.steps, kind)


def _step(data: Any, path: str) -> Step:
    slug = _mapping(data, path).get("step")
    if not isinstance(slug, str) or slug not in STEPS:
        raise EventError(f"{path}.step", f"Không có loại nội dung “{slug}”.")
    readers = {**_READERS, "children": _mapped if slug == Split.slug else _children}
    told = {key: value for key, value in data.items() if key != "step"}
    result: Step = _filled(STEPS[slug], told, path, readers)
    return result


def _filled(of: type[Any], data: Mapping[str, Any], path: str, readers: "Mapping[str, _Reader]") -> Any:
    """An instance with each field read by its reader; what has no default must be there."""
    _known(data, {one.name for one in fields(of)}, path)
    values: dict[str, Any] = {}
    for one in fields(of):
        where = f"{path}.{one.name}"
        if one.name in data:
            read: _Reader = readers.get(one.name, _text)
            values[one.name] = read(data[one.name], where)
        elif one.default is MISSING:
            raise EventError(where, "Thiếu nội dung này.")
    make: Callable[..., Any] = of
    return make(**values)


def _known(data: Any, names: set[str], path: str) -> None:
    unknown = sorted(str(name) for name in _mapping(data, path) if name not in names)
    if unknown:
        raise EventError(path or "event", f"Không dùng đến: {', '.join(unknown)}.")


def _mapping(data: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise EventError(path or "event", "Phải là một nhóm tên và giá trị.")
    return data


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise EventError(path, "Phải là chữ.")
    return value


def _written(value: Any, path: str) -> str:
    """What a person wrote: composed letters, single spaces, no control characters, not too long."""
    text = " ".join(unicodedata.normalize("NFC", _text(value, path)).split())
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        raise EventError(path, "Có ký tự điều khiển. Gõ lại nội dung này.")
    limit = LONGEST[path.rsplit(".", 1)[-1]]
    if len(text) > limit:
        raise EventError(path, f"Dài {len(text)} chữ, nhiều nhất {limit}. Rút ngắn lại.")
    return text


def _list(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise EventError(path, "Phải là một danh sách.")
    return value


def _texts(value: Any, path: str) -> tuple[str, ...]:
    return tuple(_text(one, f"{path}[{place}]") for place, one in enumerate(_list(value, path)))


def _one_of(value: Any, path: str, allowed: tuple[str, ...]) -> str:
    if _text(value, path) not in allowed:
        raise EventError(path, f"“{value}” không hợp lệ; chỉ nhận: {', '.join(allowed)}.")
    return str(value)


def _tree(value: Any, path: str) -> str:
    return _one_of(value, path, get_args(Tree))


def _children(value: Any, path: str) -> str:
    return _one_of(value, path, get_args(Children))


def _mapped(value: Any, path: str) -> dict[str, str] | str:
    if isinstance(value, str):
        return _one_of(value, path, ("refuse",))
    return {_text(key, path): _text(part, f"{path}.{key}") for key, part in _mapping(value, path).items()}


def _pairs(value: Any, path: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for place, one in enumerate(_list(value, path)):
        pair = _texts(one, f"{path}[{place}]")
        if len(pair) != 2:
            raise EventError(f"{path}[{place}]", "Phải là một cặp: tuyến và cấp trên.")
        pairs.append((pair[0], pair[1]))
    return tuple(pairs)


def _into(value: Any, path: str) -> str | NewThing:
    return value if isinstance(value, str) else _thing(value, path)


def _thing(value: Any, path: str) -> NewThing:
    thing: NewThing = _filled(NewThing, _mapping(value, path), path, _READERS)
    return thing


def _things(value: Any, path: str) -> tuple[NewThing, ...]:
    return tuple(_thing(one, f"{path}[{place}]") for place, one in enumerate(_list(value, path)))


def _parts(value: Any, path: str) -> tuple[Part, ...]:
    return tuple(
        _filled(Part, _mapping(one, f"{path}[{place}]"), f"{path}[{place}]", _READERS)
        for place, one in enumerate(_list(value, path))
    )


def _share(value: Any, path: str) -> Decimal | None:
    if value is None:
        return None
    try:
        share = Decimal(_text(value, path))
    except InvalidOperation:
        raise EventError(path, f"“{value}” không phải là tỷ lệ. Ghi như 0.25.") from None
    if not share.is_finite():
        raise EventError(path, f"“{value}” không phải là tỷ lệ. Ghi như 0.25.")
    return share


_Reader = Callable[[Any, str], Any]
_READERS: Final[Mapping[str, _Reader]] = {
    **dict.fromkeys(LONGEST, _written),
    "tree": _tree,
    "things": _things,
    "into": _into,
    "parts": _parts,
    "share": _share,
    "parents": _pairs,
    "olds": _texts,
    "keys": _texts,
    "kinds": _texts,
    "heirs": _texts,
    "areas": _texts,
    "serves": _texts,
}
