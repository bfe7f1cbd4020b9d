"""What each kind of step does to the drafts. Order does not matter: first all that begins, then all that ends, …"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from giaoban.core.events.drafting import Draft, Ending
from giaoban.core.events.faults import Faults, listed
from giaoban.core.events.steps import (
    Abolish,
    AbolishLevel,
    ChangeKind,
    Create,
    Event,
    Merge,
    Move,
    NewThing,
    Part,
    Recode,
    Rename,
    Serve,
    Split,
    Step,
    Transfer,
)
from giaoban.core.succession import Link, share_total
from giaoban.core.timeline import TERRITORY, Tree
from giaoban.core.vietnamese import day, number

Drafts = Mapping[Tree, Draft]

_NAME, _KIND, _CODE, _SERVES = {"name": "tên"}, {"kind": "loại"}, {"code": "mã"}, {"serves": "địa bàn phục vụ"}


def take_steps(drafts: Drafts, event: Event, faults: Faults) -> None:
    """Everything that the steps themselves say; what follows for the children comes after."""
    for wave in _WAVES:
        for count, step in enumerate(event.steps, start=1):
            if type(step) in wave:
                wave[type(step)](drafts[step.tree], step, count)
    for count, step in enumerate(event.steps, start=1):
        if not _named(step):
            faults.add("empty-step", _at(count), step.tree)


def _named(step: Step) -> bool:
    """Whether the step names anything."""
    match step:
        case Create():
            return bool(step.things)
        case Merge():
            return bool(step.olds and _key_of(step.into))
        case Abolish():
            return bool(step.keys)
        case AbolishLevel():
            return bool(step.kinds)
        case Transfer():
            return bool(step.old and step.heirs)
        case Split():
            return bool(step.old and step.parts)
        case _:
            return bool(step.key)


def _at(step: int) -> str:
    return f"step {step}"


def _key_of(into: str | NewThing) -> str:
    return into.key if isinstance(into, NewThing) else into


def _new_things(step: Create | Merge | Split) -> Iterable[NewThing]:
    if isinstance(step, Create):
        return step.things
    intos = [step.into] if isinstance(step, Merge) else [part.into for part in step.parts]
    return [into for into in intos if isinstance(into, NewThing)]


def _begin(draft: Draft, step: Create | Merge | Split, at: int) -> None:
    for thing in _new_things(step):
        draft.create(thing, _at(at))


# what ends


def _end_merged(draft: Draft, step: Merge, at: int) -> None:
    into = _key_of(step.into)
    olds = [old for old in step.olds if old != into]
    if not olds and step.olds:
        draft.fault("merge-itself", _at(at), name=draft.name(into))
    if into in step.olds:
        draft.known(into)
    for old in olds:
        draft.end(old, Ending(at, step.children, heir=into))


def _end_split(draft: Draft, step: Split, at: int) -> None:
    parts = [_key_of(part.into) for part in step.parts]
    mapped = {} if step.children == "refuse" else dict(step.children)
    if step.old in draft.split_on:
        draft.fault("ended-twice", step.old, name=draft.name(step.old))
    elif step.old in parts:
        if draft.may_end(step.old, ends=False):
            draft.split_on[step.old] = mapped
    elif draft.end(step.old, Ending(at, "refuse", mapped=mapped)):
        draft.split_on[step.old] = mapped


def _end_abolished(draft: Draft, step: Abolish, at: int) -> None:
    if step.children == "follow":
        draft.fault("no-successor", _at(at))
        return
    for key in step.keys:
        draft.end(key, Ending(at, step.children))


def _end_level(draft: Draft, step: AbolishLevel, at: int) -> None:
    if step.children == "follow":
        draft.fault("no-successor", _at(at))
        return
    kinds, found = set(step.kinds), False
    for key in draft.timeline.states:
        state = draft.timeline.state_on(key, draft.eve)
        if state is None or state.kind not in kinds:
            continue
        found = True
        now = draft.now(key)
        if key not in draft.ended and (now is None or now.kind in kinds):
            draft.end(key, Ending(at, step.children))
    if step.kinds and not found:
        draft.fault("nothing-of-kind", _at(at), kinds=", ".join(step.kinds), on=day(draft.on))


# what changes


def _rename(draft: Draft, step: Rename, at: int) -> None:
    if not step.name:
        draft.fault("no-name", _at(at), key=step.key)
        return
    draft.change(step.key, _NAME, name=step.name, short_name=step.short_name)


def _change_kind(draft: Draft, step: ChangeKind, _: int) -> None:
    what, values = dict(_KIND), {"kind": step.kind}
    if step.name:
        what |= _NAME
        values |= {"name": step.name, "short_name": step.short_name}
    if step.code:
        what |= _CODE
        values |= {"code": step.code}
    draft.change(step.key, what, None, **values)


def _recode(draft: Draft, step: Recode, _: int) -> None:
    draft.change(step.key, _CODE, code=step.code)


def _serve(draft: Draft, step: Serve, _: int) -> None:
    if draft.tree != "unit":
        draft.fault("wrong-tree", step.key, name=draft.name(step.key))
        return
    draft.change(step.key, _SERVES, serves=tuple(sorted(set(step.areas))))


def _move(draft: Draft, step: Move, _: int) -> None:
    if draft.tree == "area" and step.line != TERRITORY:
        draft.fault("wrong-line", step.key, name=draft.name(step.key), line=step.line)
        return
    if step.parent:
        draft.asked.append((step.key, step.line, step.parent))
    word = f"cấp trên theo tuyến “{step.line}”"
    draft.change(step.key, {f"parent on {step.line}": word}, (step.line, step.parent))


# where it goes


def _pass_merged(draft: Draft, step: Merge, at: int) -> None:
    into = _key_of(step.into)
    olds = [old for old in dict.fromkeys(step.olds) if old != into]
    if not into or not olds or not draft.receives(into):
        return
    _same_class(draft, olds, [into], at)
    kind: Any = "merge" if into in draft.created else "absorb"
    for old in olds:
        draft.link(Link(old, into, draft.on, whole=True), kind)


def _pass_split(draft: Draft, step: Split, at: int) -> None:
    parts = [_key_of(part.into) for part in step.parts]
    if not parts or step.old not in draft.timeline.states:
        return
    name = draft.name(step.old)
    if len(parts) < 2:
        draft.fault("split-one", step.old, name=name)
    for twice in {part for part in parts if parts.count(part) > 1}:
        draft.fault("part-twice", step.old, name=draft.name(twice), old=name)
    _check_shares(draft, step.old, step.parts)
    received = [part for part in parts if draft.receives(part)]
    _same_class(draft, [step.old], received, at)
    _check_mapped(draft, step, parts)
    for part in step.parts:
        draft.link(Link(step.old, _key_of(part.into), draft.on, whole=False, share=part.share), "split")


def _check_shares(draft: Draft, old: str, parts: tuple[Part, ...]) -> None:
    name = draft.name(old)
    shares = [part.share for part in parts if part.share is not None]
    for part in parts:
        if part.share is not None and not 0 < part.share < 1:
            part_name = draft.name(_key_of(part.into))
            draft.fault("share-range", old, share=number(part.share), name=part_name)
    if shares and len(shares) < len(parts):
        draft.fault("shares-some", old, name=name)
    elif shares and (total := share_total(shares)) != 1:
        draft.fault("shares-sum", old, name=name, total=number(total))


def _check_mapped(draft: Draft, step: Split, parts: list[str]) -> None:
    """The children that are given a part are children, and the parts parts."""
    if step.children == "refuse":
        return
    name = draft.name(step.old)
    direct = {child for _, child in draft.timeline.children(step.old, draft.eve)}
    direct |= {child for _, child in draft.timeline.children(step.old, draft.on)}
    for child, part in step.children.items():
        if not draft.known(child):
            continue
        if part not in parts:
            draft.fault("not-a-part", child, child=draft.name(child), part=draft.name(part), name=name)
        elif child not in direct:
            draft.fault("not-a-child", child, child=draft.name(child), name=name, on=day(draft.on))


def _same_class(draft: Draft, olds: list[str], news: list[str], at: int) -> None:
    """All that pass and receive are of one class: the olds as they were, the receivers as they will be."""
    states = [draft.timeline.state_on(old, draft.eve) for old in olds] + [draft.now(new) for new in news]
    classes = {draft.timeline.class_of(state.kind) for state in states if state is not None}
    if len(classes) > 1:
        names = listed(draft.names(list(dict.fromkeys([*olds, *news]))), draft.tree)
        draft.fault("different-classes", _at(at), names=names)


def _transfer(draft: Draft, step: Transfer, _: int) -> None:
    if not step.old or not draft.known(step.old):
        return
    name = draft.name(step.old)
    if not step.duties.strip():
        draft.fault("no-duties", step.old, name=name)
    if draft.timeline.state_on(step.old, draft.eve) is None and not draft.receives(step.old):
        return
    for heir in dict.fromkeys(step.heirs):
        if heir == step.old:
            draft.fault("heir-itself", step.old, name=name)
        elif draft.receives(heir):
            draft.link(Link(step.old, heir, draft.on, whole=False), "transfer")


_Taker = Callable[[Draft, Any, int], None]
_WAVES: Final[tuple[Mapping[type[Step], _Taker], ...]] = (
    {Create: _begin, Merge: _begin, Split: _begin},
    {Merge: _end_merged, Split: _end_split, Abolish: _end_abolished},
    {Rename: _rename, ChangeKind: _change_kind, Recode: _recode, Serve: _serve, Move: _move},
    {AbolishLevel: _end_level},
    {Merge: _pass_merged, Split: _pass_split, Transfer: _transfer},
)
