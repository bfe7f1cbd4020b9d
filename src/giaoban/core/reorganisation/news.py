"""Slips of the new side: what a new code stands for, its name, kind and parent, and whether levels fit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from giaoban.core.reorganisation.facts import Facts, Pass, Target
from giaoban.core.reorganisation.parents import UNCLEAR, Parents
from giaoban.core.reorganisation.slips import Change, Slip, proposals, rows_words
from giaoban.core.reorganisation.table import KEPT, NEW, PART_WORDS
from giaoban.core.vietnamese import capital_first, day, fold, sort_key

_SHOWN: Final = 4
_WORDS: Final[Mapping[str, str]] = {"new_name": "tên", "new_kind": "loại", "new_parent": "nơi trực thuộc"}


def slips_of_news(facts: Facts, parents: Parents) -> Iterator[Slip]:
    for target in facts.targets.values():
        yield from _two_values(facts, target)
        yield from _bearer(facts, target)
        if not target.key:
            yield from _unnamed(facts, target)
        yield from _kind(facts, target)
        yield from _parent(facts, parents, target)
        yield from _levels(facts, target)


def _where(target: Target) -> str:
    return capital_first(rows_words(target.rows))


def _called(target: Target) -> str:
    return f"{target.name} (mã mới {target.code})" if target.name else f"mã mới {target.code}"


def _set(target: Target, **values: str) -> list[Change]:
    return [Change(rows=target.rows, values=values)]


def _two_values(facts: Facts, target: Target) -> Iterator[Slip]:
    """One new code printed with two names, kinds or parents."""
    register = facts.register
    same: dict[str, Callable[[str], str]] = {
        "new_name": lambda text: sort_key(register.bare_of(text)),
        "new_kind": lambda text: register.kind_in(text) or fold(text),
        "new_parent": lambda text: fold(register.bare_of(text)),
    }
    for column, what in _WORDS.items():
        texts: dict[str, list[int]] = {}
        for one in target.passes:
            if text := str(getattr(one.row, column)):
                texts.setdefault(text, []).append(one.row.number)
        if len(texts) < 2:
            continue
        said: dict[str, list[tuple[str, int]]] = {}
        for text, numbers in texts.items():
            said.setdefault(same[column](text), []).extend((text, number) for number in numbers)
        if len(said) < 2:
            continue
        ways = sorted(said.values(), key=len, reverse=True)
        told = "; ".join(f"“{held[0][0]}” ({rows_words([number for _, number in held])})" for held in ways)
        yield Slip(
            kind="new-two-values",
            rows=target.rows,
            told=told,
            known="",
            sentence=f"Mã mới {target.code} có {len(ways)} {what}: {told}. Chọn một.",
            proposals=proposals(
                *((f"{capital_first(what)} “{held[0][0]}”", _set(target, **{column: held[0][0]})) for held in ways)
            ),
            asks=(column,),
        )


def _bearer(facts: Facts, target: Target) -> Iterator[Slip]:
    """What bears the new code on the eve, when it is not plain whether it lives on."""
    register = facts.register
    if target.renumbered:
        words = register.words(target.key)
        yield Slip(
            kind="code-kept",
            rows=target.rows,
            told=_called(target),
            known=words,
            sentence=f"{_where(target)}: chưa nơi nào có mã {target.code}, và mã này chỉ nhận toàn bộ {words}: hiểu là "
            f"nơi ấy được đổi mã, không phải nơi mới.",
            proposals=proposals(
                ("Lập nơi mới kế tục nơi cũ", _set(target, identity=NEW, new_name=register.living[target.key].name))
            ),
            severity="note",
        )
        return
    if not target.bearer or any(one.row.identity for one in target.passes):
        return
    if target.bearer not in register.living:
        yield Slip(
            kind="new-living",
            rows=target.rows,
            told=_called(target),
            known=target.bearer,
            sentence=f"{_where(target)}: một biến động đã ghi trước lập nơi mang mã {target.code} ngày "
            f"{day(register.on)}. Nhập vào nơi ấy, hoặc hoàn tác biến động kia.",
            proposals=proposals(("Nhập vào nơi đã lập", _set(target, identity=KEPT))),
        )
        return
    words = register.words(target.bearer)
    if target.undecided:
        yield _living(facts, target, words)
    elif any(one.old == target.bearer and one.part.kind == "whole" for one in target.passes) and len(target.passes) > 1:
        lives = bool(target.key)
        read = "nơi ấy tồn tại tiếp và nhận thêm" if lives else "nơi mới mang mã cũ, nơi ấy chấm dứt"
        other = (
            (
                "Lập nơi mới, nơi cũ chấm dứt",
                _set(target, identity=NEW, new_name=target.name or register.living[target.bearer].name),
            )
            if lives
            else ("Nơi đang mang mã tồn tại tiếp, nhận thêm và đổi tên", _set(target, identity=KEPT))
        )
        yield Slip(
            kind="code-kept",
            rows=target.rows,
            told=_called(target),
            known=words,
            sentence=f"{_where(target)}: mã {target.code} đang là của {words}, cũng được chuyển toàn bộ vào mã này: "
            f"hiểu là {read}.",
            proposals=proposals(other),
            severity="note",
        )


def _living(facts: Facts, target: Target, words: str) -> Slip:
    register = facts.register
    into = {"old_code": register.code_of(target.bearer), "new_code": target.code, "part": PART_WORDS["whole"]}
    absorbs = (f"{register.living[target.bearer].name} tồn tại tiếp và nhận thêm", _set(target, identity=KEPT))
    joins = (
        f"{register.living[target.bearer].name} cũng chuyển toàn bộ vào nơi mới này",
        [Change(add=({**into, "identity": NEW},)), *_set(target, identity=NEW)],
    )
    renamed = bool(target.name) and not register.same_name(target.name, target.bearer)
    return Slip(
        kind="new-living",
        rows=target.rows,
        told=_called(target),
        known=words,
        sentence=f"{_where(target)}: mã mới {target.code} đang là của {words} và bảng không cho nơi ấy chấm dứt. "
        f"Chọn nơi ấy nhận thêm, cùng nhập, hoặc sửa mã mới.",
        proposals=proposals(*((joins, absorbs) if renamed else (absorbs, joins))),
        asks=("new_code",),
    )


def _unnamed(facts: Facts, target: Target) -> Iterator[Slip]:
    if target.name and (target.kind or any(one.row.new_kind for one in target.passes)):
        return
    register = facts.register
    olds = [one.old for one in target.passes if one.old in register.living]
    missing = "tên và loại" if not target.name and not target.kind else "tên" if not target.name else "loại"
    if target.name:
        kinds = dict.fromkeys([*_likely(facts, target, olds), *(register.living[old].kind for old in olds)])
        given = [(f"Loại: {register.kinds.get(kind, kind)}", _set(target, new_kind=kind)) for kind in kinds]
    else:
        given = [
            (
                f"Tên như nơi cũ: {register.living[old].name}",
                _set(target, new_name=register.living[old].name, new_kind=target.kind or register.living[old].kind),
            )
            for old in olds
        ]
    yield Slip(
        kind="new-unnamed",
        rows=target.rows,
        told=_called(target),
        known="",
        sentence=f"{_where(target)}: {_called(target)} là nơi mới nhưng bảng không ghi {missing}. Ghi {missing}.",
        proposals=proposals(*given[:_SHOWN]),
        asks=tuple(column for column, there in (("new_name", target.name), ("new_kind", target.kind)) if not there),
    )


def _likely(facts: Facts, target: Target, olds: Sequence[str]) -> list[str]:
    """Kinds of the level of the old ones whose words begin as the new name does ("Thành phố Huế")."""
    register = facts.register
    levels = {register.class_of(old) for old in olds}
    return [
        kind
        for kind, words in register.kinds.items()
        if register.timeline.class_of(kind) in levels and fold(target.name).split()[:2] == fold(words).split()[:2]
    ]


def _kind(facts: Facts, target: Target) -> Iterator[Slip]:
    printed = next((one.row.new_kind for one in target.passes if one.row.new_kind), "")
    register = facts.register
    if not printed or register.kind_in(printed):
        return
    olds = [register.living[one.old].kind for one in target.passes if one.old in register.living]
    named = register.kind_in(target.name)
    kinds = dict.fromkeys([*([named] if named else []), *olds])
    yield Slip(
        kind="new-kind",
        rows=target.rows,
        told=printed,
        known="",
        sentence=f"{_where(target)}: danh mục không có loại “{printed}”. Chọn một loại có trong danh mục.",
        proposals=proposals(
            *((f"Loại: {register.kinds.get(kind, kind)}", _set(target, new_kind=kind)) for kind in kinds)
        ),
        asks=("new_kind",),
    )


def _parent(facts: Facts, parents: Parents, target: Target) -> Iterator[Slip]:
    if (target.key and not target.parent) or parents.of(target) is not None:
        return
    register = facts.register
    found = parents.named(target.parent, target.kind) if target.parent else []
    derived = [one for one in parents.derived(target) if one and one != UNCLEAR]
    near = register.nearly_named(target.parent) if target.parent and not found else []
    candidates = dict.fromkeys([*found, *derived, *(key for key in near if parents.wider(key, target.kind))])
    if not target.parent:
        reason = "bảng không ghi nơi mới thuộc đâu, và nơi cũ không thuộc cùng một nơi"
    elif found:
        reason = f"“{target.parent}” là tên của {len(found)} nơi"
    else:
        reason = f"từ ngày {day(register.on)} không nơi nào ở cấp trên là “{target.parent}”"
    yield Slip(
        kind="new-parent",
        rows=target.rows,
        told=target.parent,
        known=", ".join(parents.words(one) for one in candidates),
        sentence=f"{_where(target)}: {_called(target)}: {reason}. Chọn nơi trực thuộc.",
        proposals=proposals(
            *(
                (f"Thuộc {parents.words(one)}", _set(target, new_parent=parents.code(one)))
                for one in list(candidates)[:_SHOWN]
            )
        ),
        asks=("new_parent",),
    )


def _levels(facts: Facts, target: Target) -> Iterator[Slip]:
    register = facts.register
    own = target.kind or (register.living[target.key].kind if target.key in register.living else "")
    if not own:
        return
    level = register.timeline.class_of(own)
    for one in target.passes:
        if one.old and one.carries and register.class_of(one.old) != level and one.old != target.key:
            yield _level(facts, target, one, own)


def _level(facts: Facts, target: Target, one: Pass, own: str) -> Slip:
    register = facts.register
    old, here = register.living[one.old], (one.row.number,)
    kind, new_kind = register.kinds.get(old.kind, old.kind), register.kinds.get(own, own)
    ends = {"old_code": one.row.old_code, "old_name": one.row.old_name, "part": PART_WORDS["ends"]}
    ending = any(other.part.kind == "ends" for other in facts.by_old[one.old])
    changes = [Change(rows=here, values={"part": PART_WORDS["duties"]})]
    if not ending:
        changes.append(Change(add=({name: text for name, text in ends.items() if text},)))
    alone = len(target.passes) == len(facts.by_old[one.old]) == 1 and one.part.kind == "whole" and not target.bearer
    lives = (
        f"{old.name} tồn tại tiếp, thành {_called(target)}; số liệu nối liền",
        [Change(rows=here, values={"identity": KEPT})],
    )
    remedy = "Cho tồn tại tiếp và đổi cấp, cho" if alone else "Cho"
    return Slip(
        kind="levels",
        rows=here,
        told=f"{old.name} → {_called(target)}",
        known=f"{kind} → {new_kind}",
        sentence=f"{capital_first(rows_words(here))}: {old.name} ({kind}) không nhập được vào {_called(target)} "
        f"({new_kind}): khác cấp. {remedy} chấm dứt và chuyển nhiệm vụ, hoặc sửa mã.",
        proposals=proposals(
            lives if alone else None,
            (f"{old.name} chấm dứt, nhiệm vụ chuyển sang; số liệu không nối", changes),
            (f"Bỏ dòng {one.row.number}", [Change(drop=here)]),
        ),
        asks=("new_code",),
    )
