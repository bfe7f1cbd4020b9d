"""The four readings of a table on a page: the switch, and how each is called in a sentence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from giaoban.core.vietnamese import day, moment
from giaoban.reporting.selectors import LAYER_NAMES, LAYERS, LIVE, ChangedCell, LayerHead, Reading
from giaoban.reporting.web.shaping.consolidated import headline

SINCE: Final = {"confirmed": "khi chốt", "presented": "khi trình", "published": "khi công bố"}
"""Since when something changed, by the reading that it is compared with."""
COMPARED: Final = {
    "live": "bảng trực tiếp",
    "confirmed": "bản xác nhận",
    "presented": "bản đã trình",
    "published": "bản công bố",
}
BESIDE: Final = ("confirmed", "published", "presented")
"""The frozen reading that the live one is compared with: the first of these that there is."""
MADE_FROM: Final = {"live": "lấy từ bảng trực tiếp lúc ghi", "confirmed": "lấy từ bản đã xác nhận"}


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """A layer of the switch, with its own value."""

    label: str
    value: str
    url: str
    current: bool


def layer_choices(
    live: Reading,
    heads: Mapping[str, LayerHead],
    stated: Reading | None,
    shown: Reading,
    address: Callable[..., str],
) -> list[LayerChoice]:
    """All four; one that there is not has no address."""
    totals = {LIVE: live.table.total.cells, **{name: head.total for name, head in heads.items()}}
    if stated is not None:
        totals[stated.layer] = stated.table.total.cells
    found = []
    for layer in LAYERS:
        if layer not in totals:
            found.append(LayerChoice(LAYER_NAMES[layer], "", "", current=False))
            continue
        value = headline(totals[layer], live.table.form) or ("chưa có số" if layer == LIVE else "không có số")
        url = address(layer=None if layer == LIVE else layer, origin=None)
        found.append(LayerChoice(LAYER_NAMES[layer], value, url, layer == shown.layer))
    return found


def said_of(one: Reading) -> str:
    """What makes a frozen reading what it is, in one line: "Đã công bố bằng văn bản số 12/BC-STP ngày 02/10/2026"."""
    at = moment(timezone.localtime(one.at))
    if one.submission_id is not None:
        return f"Số đã công bố, ghi lại ngày {at}, biên nhận {one.number}"
    if one.layer == "published":
        dated = f" ngày {day(one.issued_on)}" if one.issued_on else ""
        return f"Đã công bố bằng văn bản số {one.number}{dated}"
    if one.layer == "presented":
        return f"Đã trình lúc {at}: {one.note}"
    return f"{one.name} lúc {at}, {one.by}"


def unnamed(then: Reading, now: Reading, one: ChangedCell, *, keeps_lines: bool) -> str:
    """What made a cell another where no report did; "" where one did."""
    if not then.is_whole or not now.is_whole:
        return "số do đơn vị tự công bố, không cộng từ báo cáo cấp dưới"
    if one.why:
        return ""
    if then.table.geography != now.table.geography:
        return "đọc theo địa giới của ngày khác"
    if one.events:
        return "biến động đơn vị ghi trong khoảng này"
    if one.difference.then is None or one.difference.now is None:
        return ""
    if not keeps_lines and then.table.method == now.table.method:
        return "đơn vị đổi dòng hoặc biến động của cây; bản cũ chưa giữ dòng của từng đơn vị"
    return "cách cộng của bảng"


def as_of(one: Reading) -> str:
    """The moment of a reading, with its layer and document: for the context of the page, its print and exports."""
    at = moment(timezone.localtime(one.at))
    if one.layer == LIVE:
        return at
    number = f", văn bản số {one.number}" if one.layer == "published" and one.submission_id is None else ""
    return f"{at} ({one.name.lower()}{number})"


def first_beside(heads: Sequence[str] | Mapping[str, object]) -> str:
    """Which frozen reading the live one is compared with; "" when there is none."""
    return next((one for one in BESIDE if one in heads), "")
