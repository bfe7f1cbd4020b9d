"""Slips of the old side of a row: its code, the name and the parent printed with it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from giaoban.core.reorganisation.facts import Facts
from giaoban.core.reorganisation.register import Register
from giaoban.core.reorganisation.slips import Change, Slip, proposals, rows_words
from giaoban.core.reorganisation.table import PART_WORDS, Row, part_of
from giaoban.core.vietnamese import capital_first, day, sort_key

_WIDTHS = (2, 3, 5)
_SHOWN = 3


def slips_of_codes(facts: Facts) -> Iterator[Slip]:
    """Old codes that name nothing, several things, or something else than what is printed beside them."""
    by_code: dict[str, list[Row]] = defaultdict(list)
    for row in facts.rows:
        part = part_of(row.part)
        if part is not None and part.kind == "created":
            continue
        if row.old_code:
            by_code[row.old_code].append(row)
        else:
            yield _without_old_code(facts.register, row)
    for code, rows in by_code.items():
        yield from _of_code(facts.register, code, rows)
    yield from _spellings(facts)


def _set(rows: list[Row], column: str, value: str) -> list[Change]:
    return [Change(rows=_numbers(rows), values={column: value})]


def _numbers(rows: list[Row]) -> tuple[int, ...]:
    return tuple(row.number for row in rows)


def _drop(rows: list[Row]) -> tuple[str, list[Change]]:
    return f"Bỏ {rows_words(_numbers(rows))}", [Change(drop=_numbers(rows))]


def _use(register: Register, key: str, rows: list[Row]) -> tuple[str, list[Change]]:
    code = register.code_of(key)
    return f"Dùng mã {code}: {register.words(key)}", _set(rows, "old_code", code)


def _without_old_code(register: Register, row: Row) -> Slip:
    named = _narrowed(register, register.named(row.old_name), row) if row.old_name else []
    where = capital_first(rows_words((row.number,)))
    return Slip(
        kind="no-code",
        rows=(row.number,),
        told=_told([row]),
        known=", ".join(register.words(key) for key in named[:_SHOWN]),
        sentence=f"{where}: không có mã cũ. Chọn nơi cũ, hoặc ghi phần là “{PART_WORDS['created']}” nếu nơi mới "
        f"không lập từ nơi nào.",
        proposals=proposals(
            *(_use(register, key, [row]) for key in named[:_SHOWN]),
            ("Nơi mới không lập từ nơi nào", _set([row], "part", PART_WORDS["created"])) if row.new_code else None,
            _drop([row]),
        ),
        asks=("old_code",),
    )


def _told(rows: list[Row]) -> str:
    """The old side as the first row prints it."""
    row = rows[0]
    said = [row.old_code, row.old_name, f"thuộc {row.old_parent}" if row.old_parent else ""]
    return " · ".join(word for word in said if word)


def _narrowed(register: Register, keys: list[str], row: Row) -> list[str]:
    """The keys, those beneath the printed parent first."""
    if not row.old_parent:
        return keys
    return sorted(keys, key=lambda key: bool(register.is_above(row.old_parent, key)[1]))


def _of_code(register: Register, code: str, rows: list[Row]) -> Iterator[Slip]:
    keys = register.keys_of(code)
    if not keys:
        yield _unknown(register, code, rows)
    elif len(keys) > 1:
        yield Slip(
            kind="shared-code",
            rows=_numbers(rows),
            told=_told(rows),
            known=", ".join(register.words(key) for key in keys),
            sentence=f"{capital_first(rows_words(_numbers(rows)))}: mã {code} là của {len(keys)} nơi trước ngày "
            f"{day(register.on)}. Chọn một nơi.",
            proposals=proposals(
                *(_use(register, key, rows) for key in _narrowed(register, keys, rows[0])), _drop(rows)
            ),
        )
    else:
        yield from _names(register, keys[0], rows)
        yield from _printed_parents(register, keys[0], rows)


def _unknown(register: Register, code: str, rows: list[Row]) -> Slip:
    """A code that nothing bears on the eve: with its zeros lost, of an earlier state, or of nothing."""
    where = capital_first(rows_words(_numbers(rows)))
    padded = [key for width in _WIDTHS if len(code) < width for key in register.keys_of(code.zfill(width))]
    named = _narrowed(register, register.named(rows[0].old_name), rows[0]) if rows[0].old_name else []
    earlier = register.earlier(code)
    if padded and code.isdigit():
        fitting = [key for key in padded if rows[0].old_name and register.same_name(rows[0].old_name, key)]
        kind, found = "lost-zeros", fitting or padded
        known = ", ".join(register.words(key) for key in found)
        words = f"không có mã {code}; mã {register.code_of(found[0])} là của {known}. Chọn mã đúng."
    elif earlier is not None:
        state, found = earlier
        kind = "earlier-code"
        known = f"{state.name}, {register.since(state)}"
        now = ", ".join(f"{register.words(key)}, mã {register.code_of(key)}" for key in found) or "không còn nơi kế tục"
        words = f"mã {code} chỉ là của {known}; trước ngày {day(register.on)} là {now}. Chọn mã đang dùng."
    else:
        kind = "unknown-code"
        found = named[:_SHOWN] or (register.nearly_named(rows[0].old_name) if rows[0].old_name else [])
        known = ", ".join(f"{register.words(key)}, mã {register.code_of(key)}" for key in found)
        there = f"; tên gần nhất: {known}" if found else ""
        words = f"không nơi nào có mã {code} ngày {day(register.eve)}{there}. Sửa mã hoặc bỏ dòng."
    return Slip(
        kind=kind,
        rows=_numbers(rows),
        told=_told(rows),
        known=known,
        sentence=f"{where}: {words}",
        proposals=proposals(*(_use(register, key, rows) for key in [*found, *named][:_SHOWN]), _drop(rows)),
        asks=("old_code",),
    )


def _names(register: Register, key: str, rows: list[Row]) -> Iterator[Slip]:
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.old_name and not register.same_name(row.old_name, key):
            by_name[row.old_name].append(row)
    ours = register.living[key]
    for name, held in by_name.items():
        others = [one for one in _narrowed(register, register.named(name), held[0]) if one != key]
        same_class = [one for one in others if register.class_of(one) == register.class_of(key)]
        trust = (f"Tin mã: {register.words(key)}", _set(held, "old_name", ours.name))
        theirs = [
            (
                f"Tin tên: {register.words(one)}, mã {register.code_of(one)}",
                _set(held, "old_code", register.code_of(one)),
            )
            for one in same_class[:_SHOWN]
        ]
        fits = same_class and not register.near_name(name, key) and _beneath(register, same_class[0], held[0])
        given = [*theirs, trust] if fits else [trust, *theirs]
        yield Slip(
            kind="name-differs",
            rows=_numbers(held),
            told=_told(held),
            known=register.words(key),
            sentence=f"{capital_first(rows_words(_numbers(held)))}: mã {held[0].old_code} là của "
            f"{register.words(key)}, bảng ghi tên “{name}”. Chọn tin mã hay tin tên.",
            proposals=proposals(*given, _drop(held)),
        )


def _beneath(register: Register, key: str, row: Row) -> bool:
    """Whether the thing stands beneath the parent that the row prints."""
    return bool(row.old_parent) and not register.is_above(row.old_parent, key)[1]


def _printed_parents(register: Register, key: str, rows: list[Row]) -> Iterator[Slip]:
    by_parent: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.old_parent and register.is_above(row.old_parent, key)[1]:
            by_parent[row.old_parent].append(row)
    for parent, held in by_parent.items():
        namesakes = [
            one
            for one in register.named(held[0].old_name or register.living[key].name)
            if one != key and register.class_of(one) == register.class_of(key) and _beneath(register, one, held[0])
        ]
        above = [register.living[one].name for one in register.above(key)[:2]]
        yield Slip(
            kind="parent-differs",
            rows=_numbers(held),
            told=_told(held),
            known=", ".join([register.living[key].name, *above]),
            sentence=f"{capital_first(rows_words(_numbers(held)))}: {register.living[key].name}, mã "
            f"{held[0].old_code}, thuộc {', '.join(above) or 'không nơi nào'}; bảng ghi thuộc “{parent}”. "
            f"Chọn tin mã hay tin nơi trực thuộc.",
            proposals=proposals(
                (f"Tin mã: {register.words(key)}", _set(held, "old_parent", ", ".join(above))),
                *(_use(register, one, held) for one in namesakes[:_SHOWN]),
                _drop(held),
            ),
        )


@dataclass(slots=True)
class _Way:
    """One way in which a parent is printed: as in the first row, and the numbers of the rows by their whole text."""

    piece: str
    rows: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @property
    def numbers(self) -> list[int]:
        return sorted({number for numbers in self.rows.values() for number in numbers})


def _spellings(facts: Facts) -> Iterator[Slip]:
    """One parent printed in two ways, or in a way that is not its name."""
    register = facts.register
    printed: dict[str, dict[str, _Way]] = defaultdict(dict)
    for row in facts.rows:
        keys = register.keys_of(row.old_code)
        if not row.old_parent or len(keys) != 1:
            continue
        for piece, above in register.is_above(row.old_parent, keys[0])[0]:
            if piece not in (above, register.living[above].code):
                way = register.bare_of(piece).casefold()
                printed[above].setdefault(way, _Way(piece)).rows[row.old_parent].append(row.number)
    for above, ways in printed.items():
        right = register.bare(above)
        if len(ways) > 1 or sort_key(next(iter(ways))) != sort_key(right):
            yield _spelling(register, above, ways)


def _spelling(register: Register, above: str, ways: Mapping[str, _Way]) -> Slip:
    state, right = register.living[above], register.bare(above)
    told = "; ".join(f"“{way.piece}” ({rows_words(way.numbers)})" for way in ways.values())
    how = "ghi nhiều cách" if len(ways) > 1 else "ghi khác danh mục"
    wrong = {name: way for name, way in ways.items() if name != right.casefold()}
    changes = [
        Change(rows=tuple(numbers), values={"old_parent": _respelled(register, text, name, right)})
        for name, way in wrong.items()
        for text, numbers in way.rows.items()
    ]
    return Slip(
        kind="two-spellings",
        rows=tuple(sorted(number for way in wrong.values() for number in way.numbers)),
        told=told,
        known=state.name,
        sentence=f"{state.name} được {how}: {told}. Danh mục ghi “{right}”. Chọn một cách ghi.",
        proposals=proposals((f"Ghi “{right}” ở mọi dòng", changes), ("Để như bảng ghi: cùng một nơi", ())),
    )


def _respelled(register: Register, text: str, way: str, right: str) -> str:
    """The printed parents with one of them written as the register does."""
    pieces = register.pieces(text)
    return ", ".join(right if register.bare_of(piece).casefold() == way else piece for piece in pieces)
