"""A question that was refused: what to change, and the addresses that change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from giaoban.core.queries import SELF, FigureQuery, PeriodRange, QueryRefused, RefusalCode
from giaoban.indicators.web.pivot.asking import Asked
from giaoban.indicators.web.pivot.looking import address

TITLES: Final[Mapping[RefusalCode, str]] = {
    "nothing-asked": "Còn thiếu một lựa chọn",
    "unknown-measure": "Không có chỉ tiêu này",
    "unknown-unit": "Không có đơn vị này",
    "unknown-period": "Không có kỳ này",
    "unknown-level": "Không có cấp đơn vị này",
    "unknown-axis": "Chọn lại dòng và cột",
    "bad-day": "Ngày không đọc được",
    "too-much": "Bảng quá lớn",
    "not-added": "Chỉ tiêu này không cộng được",
    "circular-indicator": "Công thức của chỉ số quay vòng",
    "two-regimes": "Các kỳ thuộc hai chế độ báo cáo",
    "no-definition": "Chỉ số chưa có định nghĩa cho kỳ này",
    "geography": "Không đọc được theo địa giới này",
    "engine": "Chưa trả lời được lúc này",
}


@dataclass(frozen=True, slots=True)
class Mend:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal as shown: what, why, and ways on."""

    title: str
    sentence: str
    details: Sequence[str]
    mends: tuple[Mend, ...]


def refused(refusal: QueryRefused, asked: Asked) -> Refused:
    return Refused(TITLES[refusal.code], refusal.sentence, refusal.details, tuple(_mends(refusal, asked)))


def _mends(refusal: QueryRefused, asked: Asked) -> list[Mend]:
    query = asked.query
    found = _of_query(refusal, query) if query is not None else _of_words(refusal, asked)
    return [*found, Mend("Bảng mặc định", "?")]


def _of_query(refusal: QueryRefused, query: FigureQuery) -> list[Mend]:
    newest = newest_only(query)
    match refusal.code:
        case "geography":
            keep = replace(query, divided="keep")
            found = [] if query.divided == "keep" else [Mend("Giữ số ở đơn vị cũ", address(keep))]
            if query.geography is not None:
                found.insert(0, Mend("Bỏ ngày địa giới", address(replace(query, geography=None))))
            return [*found, Mend("Chỉ kỳ mới nhất", address(newest))] if newest != query else found
        case "too-much" | "two-regimes" | "no-definition" | "unknown-period":
            found = [Mend("Chỉ kỳ mới nhất", address(newest))] if newest != query else []
            return [*found, *_fewer_measures(query)]
        case "not-added":
            return [Mend("Chỉ đơn vị này, không cộng", address(replace(query, level=SELF))), *_fewer_measures(query)]
        case "unknown-level":
            return [Mend("Các đơn vị trực thuộc", address(replace(query, level="below")))]
        case "unknown-measure" | "circular-indicator":
            return _without(query, refusal.place)
    return []


def _of_words(refusal: QueryRefused, asked: Asked) -> list[Mend]:
    """What cannot be read as a query is mended word by word."""
    words = {name: list(values) for name, values in asked.words.items()}
    match refusal.code:
        case "bad-day":
            words.pop("geography", None)
        case "unknown-axis":
            words.pop("rows", None)
            words.pop("columns", None)
        case "unknown-measure":
            words["measure"] = [word for word in words.get("measure", []) if word != refusal.place]
        case "unknown-period":
            last = (words.get("to") or words.get("from") or [""])[-1]
            if not last:
                return []
            words = {name: values for name, values in words.items() if name not in ("from", "to", "period", "step")}
            words["period"] = [last]
        case _:
            return []
    return [Mend("Bỏ phần sai và lập lại", f"?{urlencode(words, doseq=True)}")]


def newest_only(query: FigureQuery) -> FigureQuery:
    """The query for the last period that it names alone."""
    last = max(query.periods, key=lambda one: one.last)
    return replace(query, periods=(PeriodRange(last.rule, last.last, last.last, last.instalment),))


def _fewer_measures(query: FigureQuery) -> list[Mend]:
    if len(query.measures) < 2:
        return []
    return [Mend("Chỉ chỉ tiêu đầu tiên", address(replace(query, measures=query.measures[:1])))]


def _without(query: FigureQuery, word: str) -> list[Mend]:
    kept = tuple(one for one in query.measures if one.word != word)
    return [Mend("Bỏ chỉ tiêu này", address(replace(query, measures=kept)))] if kept and kept != query.measures else []
