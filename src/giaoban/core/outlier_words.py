"""Signs of something unusual in words: why each is named, and the name by which a note on it is kept."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from giaoban.core.outliers import Hint
from giaoban.core.vietnamese import number

LONGEST_KEY: Final = 400


def sentence(hint: Hint, periods: Sequence[str], cells: Sequence[str]) -> str:
    """Why it is named, with the numbers behind it, in one Vietnamese sentence. periods, cells: their names."""
    match hint.kind:
        case "falling":
            return (
                f"Số lũy kế {number(hint.value)} thấp hơn {number(hint.centre)} của {_period(hint.before, periods)}: "
                f"giảm {number(-hint.score)}; số lũy kế chỉ giảm khi số kỳ trước đã được sửa."
            )
        case "repeated":
            what = f"{hint.count} ô phát sinh, không kể số tồn," if hint.flows_only else f"{hint.count} ô"
            added = ", số lũy kế xét phần phát sinh thêm" if hint.increment else ""
            return (
                f"Cả {what} giống hệt {_period(hint.before, periods)}, trong đó {number(hint.score)} ô khác 0 "
                f"(nêu từ {number(hint.threshold)} ô{added})."
            )
        case "last-digits":
            times = sum(count for _, count in hint.digits)
            named = ", ".join(str(digit) for digit, _ in hint.digits)
            even = number(Decimal(hint.count * len(hint.digits)) / 10, 0)
            return (
                f"{times} trong {hint.count} số tận cùng bằng {named}, chia đều thì chừng {even}; "
                f"khi bình phương {number(hint.score)}, ngưỡng {number(hint.threshold)}."
            )
    return _distance(hint, cells)


def _distance(hint: Hint, cells: Sequence[str]) -> str:
    value, centre = number(hint.value), number(hint.centre)
    if hint.kind == "own-history":
        what = f"Số phát sinh thêm trong kỳ {value}" if hint.increment else f"Số {value}"
        alike = " dài bằng nhau" if hint.of_length else ""
        around = f"trung vị {hint.count} kỳ{alike} của chính đơn vị là {centre}"
    else:
        what = f"Số {value}" if hint.volume is None else f"Tỷ số với “{cells[hint.volume]}” là {value}"
        around = f"trung vị {hint.count} đơn vị cùng loại là {centre}"
        if hint.volume is None:
            apart = "mức chênh nhỏ nhất còn xét là" if hint.by_least else "các đơn vị thường chênh nhau"
            return (
                f"{what}, trong khi {around} và {apart} {number(hint.spread)} lần; "
                f"điểm z bền vững theo lô-ga-rít {_signed(hint.score)}, ngưỡng {number(hint.threshold)}."
            )
    how = f"tính từ độ lệch {'trung bình' if hint.by_mean else 'trung vị'}"
    return (
        f"{what}, trong khi {around}; điểm z bền vững {_signed(hint.score)}, ngưỡng {number(hint.threshold)} "
        f"(độ phân tán {number(hint.spread)}, {'mức nhỏ nhất còn xét' if hint.by_least else how})."
    )


def key_of(hint: Hint, *, unit: str, form: str, period: str, cell: str) -> str:
    """A name by which somebody's note on the hint is kept: another figure gives another name. At most LONGEST_KEY.

    period: for a hint about all of a unit's reports, the year: its figures grow with each of them, the note holds on.
    """
    said = f"{hint.value:f}" if hint.value is not None else f"{hint.score:f}"
    if hint.period is None:
        said = ""
    if hint.kind == "falling":
        said += f"<{hint.centre:f}"
    key = "|".join((hint.kind, unit, form, period, cell, said))
    return key if len(key) <= LONGEST_KEY else f"{hint.kind}|{hashlib.sha256(key.encode()).hexdigest()}"


def _period(position: int | None, periods: Sequence[str]) -> str:
    return f"kỳ trước ({periods[position]})" if position is not None else "kỳ trước"


def _signed(value: Decimal) -> str:
    return number(value) if value >= 0 else f"−{number(-value)}"
