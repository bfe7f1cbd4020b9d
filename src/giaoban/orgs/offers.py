"""Posts as what hangs on units: a post ends with its unit and is held on at the one successor, in the same role."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from giaoban.core.spans import Span
from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act
from giaoban.kit.arrays import among
from giaoban.kit.models import Act, valid_on
from giaoban.kit.permissions import ROLE_NAMES, Role
from giaoban.kit.registries import NAMED, Effect, Receipt, UnitChange
from giaoban.orgs.models import Post, UnitParent

HELD: Final = "chức vụ ở đơn vị kết thúc"
CONTINUED: Final = "thôi từ ngày này, giữ cùng vai trò ở đơn vị kế tục"
LEFT: Final = "thôi từ ngày này; không có một đơn vị kế tục, cần người giao chức vụ mới"
LATER: Final = "chức vụ bắt đầu từ ngày này hoặc sau đó ở đơn vị kết thúc"
GOES_ON: Final = "giữ cùng vai trò và thời gian ở đơn vị kế tục; chức vụ đã giữ ở đơn vị cũ đóng lại chứ không xóa"
CLOSED: Final = "đóng lại và ghi vào nhật ký chứ không xóa; cần người giao chức vụ mới"
BY_FORCE: Final = "chức vụ giao sau khi ghi trước biến động, chỉ ghi được đến ngày này"
GIVEN: Final = "orgs.give-post"
LENT: Final = "orgs.delegate-post"
Key = tuple[int, int, str]  # user, unit, role


@dataclass
class _Handing:
    """What becomes of posts. ended: they stop at the old unit; made: their like at the heirs, each with the
    post that it continues; carried: nobody has held them yet, so that they only change the unit."""

    ended: list[Post] = field(default_factory=list)
    carried: list[Post] = field(default_factory=list)
    made: list[tuple[Post, int]] = field(default_factory=list)


def effects(change: UnitChange, actor: Actor) -> list[Effect]:  # noqa: ARG001 – the registry's signature
    """Posts that end, those held on, and who will read whose history."""
    heirs = change.heirs
    posts = list(_posts(change.ended, change.on))
    usual = [post for post in posts if not _is_later(post, change)]
    later = [post for post in posts if _is_later(post, change)]
    cut = list(_cut_short(change))
    return [
        *_said(HELD, [post for post in usual if post.unit_id in heirs], CONTINUED, change),
        *_said(HELD, [post for post in usual if post.unit_id not in heirs], LEFT, change, needs_person=True),
        *_said(LATER, [post for post in later if post.unit_id in heirs], GOES_ON, change),
        *_said(LATER, [post for post in later if post.unit_id not in heirs], CLOSED, change, needs_person=True),
        *_said(BY_FORCE, cut, "giữ tiếp cùng vai trò ở đơn vị kế tục, chưa có ngày thôi", change),
        *_readers(change),
    ]


def apply(change: UnitChange, by: Actor, at: datetime) -> Receipt:
    """End the posts of ended units and give the same ones at the successors, unless these are held there already."""
    found = effects(change, by)
    posts = list(_posts(change.ended, change.on).select_for_update(of=("self",)).prefetch_related("fields"))
    cut = list(_cut_short(change).prefetch_related("fields"))
    if not posts and not cut:
        return Receipt(tuple(found))
    fields = {post.pk: [one.pk for one in post.fields.all()] for post in [*posts, *cut]}
    before = [_data(post, fields[post.pk]) for post in posts]
    handing = _hand(posts, cut, change, timezone.localdate(at))
    made = [post for post, _ in handing.made]
    kept = [f"{post.user_id}:{post.role}@{post.unit_id}" for post in handing.ended if _is_later(post, change)]
    detail = {"ended": len(handing.ended), "carried": len(handing.carried), "made": len(made), "closed": kept}
    with act("orgs.hand-on-posts", by=by, at=at, reason=f"biến động ngày {day(change.on)}", detail=detail):
        Post.objects.bulk_update([*handing.ended, *handing.carried], ["unit", "valid_to"], batch_size=2000)
        Post.objects.bulk_create(made, batch_size=2000)
        through = Post.fields.through
        through._default_manager.bulk_create(
            through(post_id=post.pk, field_id=one) for post, old in handing.made for one in fields[old]
        )
    after = [_data(post, fields[post.pk]) for post in posts]
    after += [_data(post, fields[old]) for post, old in handing.made]
    return Receipt(tuple(found), {"before": before, "after": after, "made": [post.pk for post in made]})


def undo(data: Mapping[str, Any], by: Actor, at: datetime) -> None:
    """Take back the posts at the successors and let the old ones go on. `blocks_undo` saw that all stand as left."""
    if not data:
        return
    before = {row["id"]: row for row in data["before"]}
    with act("orgs.take-back-posts", by=by, at=at, detail={name: len(rows) for name, rows in data.items()}):
        Post.objects.filter(pk__in=among(data["made"])).delete()
        standing = list(Post.objects.select_for_update().filter(pk__in=among(before)))
        for post in standing:
            row = before[post.pk]
            post.unit_id = row["unit_id"]
            post.valid_to = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
        Post.objects.bulk_update(standing, ["unit", "valid_to"], batch_size=2000)


def blocks_undo(change: UnitChange, since: datetime, data: Mapping[str, Any]) -> list[str]:
    """Posts given since at the units that the event made; handed or ended ones that do not stand as the event left
    them, or were lent since."""
    after = {row["id"]: row for row in data.get("after", ())}
    rows = Post.objects.filter(pk__in=among(after)).prefetch_related("fields")
    standing = {post.pk: _data(post, [one.pk for one in post.fields.all()]) for post in rows}
    changed = [pk for pk, row in after.items() if standing.get(pk) != row]
    own = Post.objects.filter(unit_id__in=among(change.created), delegated_by__isnull=True)
    own = own.exclude(pk__in=among(after))
    lent = [pk for pk in _lent_since(after.values(), since) if pk not in after]
    counts = [
        (own.count(), "chức vụ đã giao ở đơn vị mới lập"),
        (len(changed), "chức vụ đã chuyển thì sau đó được sửa hoặc cho thôi"),
        (len(lent), "chức vụ đã chuyển thì sau đó được ủy quyền cho người khác"),
    ]
    return [f"{count} {what}." for count, what in counts if count]


def _hand(posts: Sequence[Post], cut: Sequence[Post], change: UnitChange, today: date) -> _Handing:
    """Change the posts as they will stand, and make those of the successors; nothing is written."""
    heirs = change.heirs
    held = _held([*posts, *cut], heirs)
    handing = _Handing()
    for post in [*posts, *cut]:
        was_cut = post.valid_to == change.on
        span = Span(max(change.on, post.valid_from or change.on), None if was_cut else post.valid_to)
        heir = heirs.get(post.unit_id)
        key = (post.user_id, heir or 0, post.role)
        is_free = heir is not None and not any(span.overlaps(other) for other in held.get(key, ()))
        if heir is not None and is_free:
            held.setdefault(key, []).append(span)
        later = _is_later(post, change)
        if later and heir is not None and is_free and post.valid_from is not None and post.valid_from >= today:
            post.unit_id = heir
            handing.carried.append(post)
            continue
        if heir is not None and is_free:
            handing.made.append((_at_heir(post, heir, span), post.pk))
        if not was_cut:
            end = change.on
            if later and post.valid_from is not None:  # held until today in fact, or not begun: a span is never empty
                end = max(post.valid_from + date.resolution, today)
            post.valid_to = end if post.valid_to is None else min(post.valid_to, end)
            handing.ended.append(post)
    return handing


def _posts(unit_ids: Collection[int], on: date) -> QuerySet[Post]:
    """Posts at the units that are held on the day or later."""
    rows = Post.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on), unit_id__in=among(unit_ids))
    return rows.select_related("user").order_by("pk")


def _is_later(post: Post, change: UnitChange) -> bool:
    return post.valid_from is not None and post.valid_from >= change.on


def _cut_short(change: UnitChange) -> QuerySet[Post]:
    """Posts given after the event was entered ahead, up to its day: the units' rows allowed no later day."""
    rows = Post.objects.filter(
        unit_id__in=among(change.heirs), valid_to=change.on, delegated_by__isnull=True
    ).select_related("user")
    if change.entered_at is None:
        return rows.none()
    given = Act.objects.filter(name=GIVEN, recorded_at__gt=change.entered_at, detail__to=change.on.isoformat())
    return rows.filter(pk__in=among(_ids_of(given))).order_by("pk")


def _lent_since(rows: Iterable[Mapping[str, Any]], since: datetime) -> list[int]:
    """Posts that were lent since, where and in the role in which these are held."""
    keys = {(row["user_id"], row["unit_id"], row["role"]) for row in rows}
    lent = _ids_of(Act.objects.filter(name=LENT, recorded_at__gt=since))
    found = Post.objects.filter(pk__in=among(lent)).values_list("pk", "delegated_by_id", "unit_id", "role")
    return [pk for pk, *key in found if tuple(key) in keys]


def _ids_of(acts: QuerySet[Act]) -> list[int]:
    """The posts that are the subjects of acts."""
    label = f"{Post._meta.label}:"
    subjects = acts.filter(subject__startswith=label).values_list("subject", flat=True)
    return [int(subject.removeprefix(label)) for subject in subjects]


def _held(posts: Iterable[Post], heirs: Mapping[int, int]) -> dict[Key, list[Span]]:
    """When these people hold which roles at the successors already."""
    users = {post.user_id for post in posts}
    found: dict[Key, list[Span]] = {}
    for post in Post.objects.filter(user_id__in=among(users), unit_id__in=among(set(heirs.values()))):
        found.setdefault((post.user_id, post.unit_id, post.role), []).append(Span(post.valid_from, post.valid_to))
    return found


def _at_heir(post: Post, heir: int, span: Span) -> Post:
    return Post(
        user_id=post.user_id,
        unit_id=heir,
        role=post.role,
        acting=post.acting,
        delegated_by_id=post.delegated_by_id,
        valid_from=span.start,
        valid_to=span.end,
    )


def _data(post: Post, fields: Iterable[int]) -> dict[str, Any]:
    """The post as JSON values, as it stands."""
    return {
        "id": post.pk,
        "user_id": post.user_id,
        "unit_id": post.unit_id,
        "role": post.role,
        "acting": post.acting,
        "delegated_by_id": post.delegated_by_id,
        "valid_from": post.valid_from.isoformat() if post.valid_from else None,
        "valid_to": post.valid_to.isoformat() if post.valid_to else None,
        "fields": sorted(fields),
    }


def _said(
    what: str, posts: Sequence[Post], consequence: str, change: UnitChange, *, needs_person: bool = False
) -> list[Effect]:
    if not posts:
        return []
    named = tuple(
        f"{post.user.get_full_name()}, {ROLE_NAMES[Role(post.role)]}, {change.names[post.unit_id]}"
        for post in posts[:NAMED]
    )
    about = tuple(post.unit_id for post in posts[:NAMED])
    return [Effect(what, len(posts), consequence, named, needs_person, about)]


def _readers(change: UnitChange) -> list[Effect]:
    """Who reads whose history from the day on, in words; the rights themselves follow tree and succession."""
    ended = set(change.ended)
    passed = [
        (f"{change.names[new]} đọc lịch sử của {change.names[old]}", old)
        for old, heirs in change.successor_of.items()
        if old in ended
        for new, _ in heirs
    ]
    above = UnitParent.objects.filter(valid_on(change.on - date.resolution), unit_id__in=among(change.moved))
    before = len(set(above.values_list("parent_id", flat=True)))
    found = [
        Effect(
            "quyền đọc lịch sử của đơn vị kết thúc",
            len(passed),
            "đơn vị kế tục và cấp trên của đơn vị kế tục được đọc; đơn vị cùng cấp không được đọc thêm",
            tuple(words for words, _ in passed[:NAMED]),
            about=tuple(old for _, old in passed[:NAMED]),
        ),
        Effect(
            "đơn vị đổi cấp trên",
            len(change.moved),
            f"{before} đơn vị cấp trên cũ chỉ còn đọc qua tuyến khác, nếu có; cấp trên mới đọc được từ ngày này",
            tuple(change.names[unit_id] for unit_id in change.moved[:NAMED]),
            about=change.moved[:NAMED],
        ),
    ]
    return [effect for effect in found if effect.count]
