"""Slips of the rows of one old thing together: how much of it passes, and whether that adds up."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from giaoban.core.reorganisation.facts import Facts, Pass
from giaoban.core.reorganisation.slips import Change, Slip, proposals, rows_words
from giaoban.core.reorganisation.table import PART_WORDS, Row, part_of, share_words
from giaoban.core.vietnamese import capital_first, number

ROUNDING = Decimal("0.01")
"""Shares that miss 1 by less were rounded when they were printed."""

WHOLE, PART, ENDS = PART_WORDS["whole"], PART_WORDS["part"], PART_WORDS["ends"]


def slips_of_parts(facts: Facts) -> Iterator[Slip]:
    for row in facts.unread:
        part = part_of(row.part)
        if part is None:
            yield _unread(row)
        elif not row.new_code and len(facts.register.keys_of(row.old_code)) == 1:
            yield _nowhere(facts, row)
    for old, own in facts.by_old.items():
        own, repeated = _once(facts, own)
        yield from repeated
        yield from _together(facts, old, [one for one in own if one.carries or one.part.kind == "ends"])


def _where(rows: Sequence[Row]) -> str:
    return capital_first(rows_words([row.number for row in rows]))


def _unread(row: Row) -> Slip:
    percent = f"{row.part} %" if row.part.isdigit() and 0 < int(row.part) < 100 else ""
    said = f"ghi phần là “{row.part}”" if row.part else "bỏ trống phần"
    here = (row.number,)
    return Slip(
        kind="part-unread",
        rows=here,
        told=row.part,
        known="",
        sentence=f"{_where([row])}: {said}. Ghi “{WHOLE}”, “{PART}” hoặc tỷ lệ như “0,35”, “35 %”.",
        proposals=proposals(
            (f"Phần là {percent}", [Change(rows=here, values={"part": percent})]) if percent else None,
            ("Toàn bộ", [Change(rows=here, values={"part": WHOLE})]) if row.new_code else None,
            ("Một phần, không rõ tỷ lệ", [Change(rows=here, values={"part": PART})]) if row.new_code else None,
            ("Chấm dứt", [Change(rows=here, values={"part": ENDS})]) if not row.new_code else None,
            (f"Bỏ dòng {row.number}", [Change(drop=here)]),
        ),
        asks=("part",),
    )


def _nowhere(facts: Facts, row: Row) -> Slip:
    here = (row.number,)
    name = facts.register.words(facts.register.keys_of(row.old_code)[0])
    return Slip(
        kind="no-code",
        rows=here,
        told=f"{row.old_code} · {row.part}",
        known=name,
        sentence=f"{_where([row])}: {name} được chuyển {row.part} nhưng không có mã mới. Ghi mã mới, hoặc ghi phần là "
        f"“{ENDS}”.",
        proposals=proposals(
            ("Chấm dứt, không có nơi kế tục", [Change(rows=here, values={"part": ENDS})]),
            (f"Bỏ dòng {row.number}", [Change(drop=here)]),
        ),
        asks=("new_code",),
    )


def _once(facts: Facts, own: Sequence[Pass]) -> tuple[list[Pass], list[Slip]]:
    """The rows with each pair of old and new once, and a slip for each pair that comes twice."""
    pairs: dict[str, list[Pass]] = defaultdict(list)
    for one in own:
        pairs[one.row.new_code].append(one)
    slips = []
    for held in pairs.values():
        if len(held) == 1:
            continue
        numbers = tuple(one.row.number for one in held)
        old = facts.register.words(held[0].old)
        same = len({one.part for one in held}) == 1
        said = "hai lần như nhau" if same else "hai lần với phần khác nhau: " + ", ".join(one.row.part for one in held)
        slips.append(
            Slip(
                kind="pair-twice",
                rows=numbers,
                told=" / ".join(one.row.part for one in held),
                known=old,
                sentence=f"{capital_first(rows_words(numbers))}: {old} vào mã mới {held[0].row.new_code or '(trống)'} "
                f"được ghi {said}. Giữ một dòng.",
                proposals=proposals(
                    *(
                        (
                            f"Giữ dòng {one.row.number} ({one.row.part}), bỏ dòng kia",
                            [Change(drop=tuple(number for number in numbers if number != one.row.number))],
                        )
                        for one in held
                    )
                ),
            )
        )
    return [held[0] for held in pairs.values()], slips


def _together(facts: Facts, old: str, own: Sequence[Pass]) -> Iterator[Slip]:
    """How the parts of one old thing fit each other. One slip at most."""
    wholes = [one for one in own if one.part.kind in ("whole", "ends")]
    parts = [one for one in own if one.part.kind == "part"]
    if len(wholes) > 1 or (wholes and parts):
        yield _whole_and_more(facts, old, own, mixed=bool(parts))
    elif len(parts) == 1:
        yield _alone(facts, old, parts[0])
    elif parts:
        yield from _shares(facts, old, parts)


def _whole_and_more(facts: Facts, old: str, own: Sequence[Pass], *, mixed: bool) -> Slip:
    name, numbers = facts.register.words(old), tuple(one.row.number for one in own)
    news = ", ".join(f"{one.row.new_code or 'chấm dứt'} ({one.row.part})" for one in own)
    said = "vừa chuyển toàn bộ vừa chuyển một phần" if mixed else f"chuyển toàn bộ vào {len(own)} nơi"
    wholes = [one for one in own if one.part.kind == "whole"]
    only = [
        (
            f"Chỉ dòng {one.row.number}: toàn bộ vào {one.row.new_name or one.row.new_code}",
            [Change(drop=tuple(number for number in numbers if number != one.row.number))],
        )
        for one in wholes
    ]
    as_parts = ("Ghi mọi dòng là một phần, không rõ tỷ lệ", [Change(rows=numbers, values={"part": PART})])
    return Slip(
        kind="whole-and-part" if mixed else "whole-to-several",
        rows=numbers,
        told=news,
        known=name,
        sentence=f"{capital_first(rows_words(numbers))}: {name} {said}: {news}. "
        f"Không thể vừa toàn bộ vừa chia: chọn một.",
        proposals=proposals(as_parts, *only),
    )


def _rest(facts: Facts, old: str, one: Pass, share: Decimal | None) -> tuple[str, list[Change]]:
    """The rest stays with the old one, which lives on."""
    code = facts.register.code_of(old)
    words = f"Phần còn lại ở nguyên {facts.register.living[old].name}" + (
        f" ({share_words(share)})" if share is not None else ""
    )
    added = {
        "old_code": one.row.old_code,
        "old_name": one.row.old_name,
        "new_code": code,
        "part": PART if share is None else share_words(share),
    }
    return words, [Change(add=({name: text for name, text in added.items() if text},))]


def _alone(facts: Facts, old: str, one: Pass) -> Slip:
    name, share = facts.register.words(old), one.part.share
    said = "một phần" if share is None else f"{share_words(share)}"
    itself = facts.targets[one.row.new_code].key == old
    return Slip(
        kind="part-alone",
        rows=(one.row.number,),
        told=f"{one.row.new_code} ({one.row.part})",
        known=name,
        sentence=f"{_where([one.row])}: chỉ {said} của {name} có nơi nhận; bảng không ghi phần còn lại về đâu. "
        f"{'Thêm nơi nhận phần còn lại' if itself else 'Để phần còn lại ở nguyên'}, hoặc chuyển toàn bộ.",
        proposals=proposals(
            None if itself else _rest(facts, old, one, None if share is None else 1 - share),
            ("Chuyển toàn bộ", [Change(rows=(one.row.number,), values={"part": WHOLE})]),
            (f"Bỏ dòng {one.row.number}", [Change(drop=(one.row.number,))]),
        ),
    )


def _shares(facts: Facts, old: str, parts: Sequence[Pass]) -> Iterator[Slip]:
    given = [one for one in parts if one.part.share is not None]
    if not given:
        return
    total = sum((one.part.share or Decimal(0) for one in given), Decimal(0))
    name, numbers = facts.register.words(old), tuple(one.row.number for one in parts)
    told = ", ".join(f"{one.row.new_code}: {one.row.part}" for one in parts)
    without = ("Bỏ tỷ lệ: mọi phần không rõ", [Change(rows=numbers, values={"part": PART})])
    blank = [one for one in parts if one.part.share is None]
    where = capital_first(rows_words(numbers))
    if blank:
        fill = None
        if len(blank) == 1 and total < 1:
            words = share_words(1 - total)
            fill = (f"Dòng {blank[0].row.number} nhận phần còn lại: {words}", [_share_at(blank[0], words)])
        yield Slip(
            kind="shares-for-some",
            rows=numbers,
            told=told,
            known=name,
            sentence=f"{where}: {name} chia cho {len(parts)} nơi nhưng chỉ {len(given)} nơi có tỷ lệ ({told}). "
            f"Ghi đủ tỷ lệ hoặc bỏ hết.",
            proposals=proposals(fill, without),
        )
    elif total != 1:
        yield Slip(
            kind="shares-sum",
            rows=numbers,
            told=told,
            known=name,
            sentence=f"{where}: các tỷ lệ của {name} cộng lại là {number(total.normalize())}, không phải 1 ({told}). "
            f"Sửa tỷ lệ hoặc bỏ hết.",
            proposals=proposals(_rounded(parts, total), _remainder(facts, old, parts, total), without),
        )


def _share_at(one: Pass, words: str) -> Change:
    return Change(rows=(one.row.number,), values={"part": words})


def _rounded(parts: Sequence[Pass], total: Decimal) -> tuple[str, list[Change]] | None:
    """What rounding left goes to the largest part."""
    if abs(1 - total) >= ROUNDING:
        return None
    largest = max(parts, key=lambda one: one.part.share or Decimal(0))
    words = share_words((largest.part.share or Decimal(0)) + 1 - total)
    return f"Sai số làm tròn: dòng {largest.row.number} thành {words}", [_share_at(largest, words)]


def _remainder(facts: Facts, old: str, parts: Sequence[Pass], total: Decimal) -> tuple[str, list[Change]] | None:
    """What is missing stays with the old one, when that is not among the receivers already."""
    codes = {facts.targets[one.row.new_code].key for one in parts}
    return _rest(facts, old, parts[0], 1 - total) if total < 1 and old not in codes else None
