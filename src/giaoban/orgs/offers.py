"""Posts as what hangs on units: a post ends with its unit and is held on at the one successor, in the same role."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q, QuerySet

from giaoban.core.spans import Span
from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act
from giaoban.kit.models import valid_on
from giaoban.kit.permissions import ROLE_NAMES, Role
from giaoban.kit.registries import NAMED, Effect, Receipt, UnitChange
from giaoban.orgs.models import Post, UnitParent

HELD: Final = "chức vụ ở đơn vị kết thúc"
CONTINUED: Final = "thôi từ ngày này, giữ cùng vai trò ở đơn vị kế tục"
LEFT: Final = "thôi từ ngày này; không có một đơn vị kế tục, cần người giao chức vụ mới"
Key = tuple[int, int, str]  # user, unit, role


def effects(change: UnitChange, actor: Actor) -> list[Effect]:  # noqa: ARG001 – the registry's signature
    """Posts that end, those held on, and who will read whose history."""
    heirs = change.heirs
    posts = list(_posts(change.ended, change.on))
    carried = [post for post in posts if post.unit_id in heirs]
    left = [post for post in posts if post.unit_id not in heirs]
    return [*_said(carried, CONTINUED, change), *_said(left, LEFT, change, needs_person=True), *_readers(change)]


def apply(change: UnitChange, by: Actor, at: datetime) -> Receipt:
    """End the posts of ended units and give the same ones at the successors, unless these are held there already."""
    found = effects(change, by)
    posts = list(_posts(change.ended, change.on).select_for_update(of=("self",)).prefetch_related("fields"))
    if not posts:
        return Receipt(tuple(found))
    heirs = change.heirs
    held = _held(posts, heirs)
    made: list[Post] = []
    fields: list[Collection[int]] = []
    for post in posts:
        span = Span(max(change.on, post.valid_from or change.on), post.valid_to)
        heir = heirs.get(post.unit_id)
        key = (post.user_id, heir or 0, post.role)
        if heir is None or any(span.overlaps(other) for other in held.get(key, ())):
            continue
        held.setdefault(key, []).append(span)
        made.append(_at_heir(post, heir, span))
        fields.append([field.pk for field in post.fields.all()])
    before = [_data(post) for post in posts]
    ending = [post for post in posts if post.valid_from is None or post.valid_from < change.on]
    never = [post.pk for post in posts if post.valid_from is not None and post.valid_from >= change.on]
    detail = {"ended": len(ending), "never": len(never), "made": len(made)}
    with act("orgs.hand-on-posts", by=by, at=at, reason=f"biến động ngày {day(change.on)}", detail=detail):
        for post in ending:
            post.valid_to = change.on
        Post.objects.bulk_update(ending, ["valid_to"], batch_size=2000)
        Post.objects.filter(pk__in=never).delete()
        Post.objects.bulk_create(made, batch_size=2000)
        through = Post.fields.through
        through._default_manager.bulk_create(
            through(post_id=post.pk, field_id=field) for post, own in zip(made, fields, strict=True) for field in own
        )
    return Receipt(tuple(found), {"before": before, "made": [post.pk for post in made]})


def undo(data: Mapping[str, Any], by: Actor, at: datetime) -> None:
    """Take back the posts at the successors and let the old ones go on."""
    if not data:
        return
    with act("orgs.take-back-posts", by=by, at=at, detail={name: len(rows) for name, rows in data.items()}):
        Post.objects.filter(pk__in=data["made"]).delete()
        standing = Post.objects.in_bulk([row["id"] for row in data["before"]])
        for row in data["before"]:
            if (post := standing.get(row["id"])) is not None:
                post.valid_to = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
                continue
            made = Post.objects.create(**{name: value for name, value in row.items() if name != "fields"})
            made.fields.set(row["fields"])
        Post.objects.bulk_update(standing.values(), ["valid_to"], batch_size=2000)


def blocks_undo(created: Sequence[int], data: Mapping[str, Any]) -> list[str]:
    """Posts given since at the units that the event made, and handed ones that were changed."""
    made = set(data.get("made", ()))
    own = Post.objects.filter(unit_id__in=created).exclude(pk__in=made).count()
    gone = len(made) - Post.objects.filter(pk__in=made).count()
    counts = [
        (own, "chức vụ đã giao ở đơn vị mới lập"),
        (gone, "chức vụ đã chuyển thì sau đó được sửa"),
    ]
    return [f"{count} {what}." for count, what in counts if count]


def _posts(unit_ids: Collection[int], on: date) -> QuerySet[Post]:
    """Posts at the units that are held on the day or later."""
    rows = Post.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on), unit_id__in=unit_ids)
    return rows.select_related("user").order_by("pk")


def _held(posts: Iterable[Post], heirs: Mapping[int, int]) -> dict[Key, list[Span]]:
    """When these people hold which roles at the successors already."""
    users = {post.user_id for post in posts}
    found: dict[Key, list[Span]] = {}
    for post in Post.objects.filter(user_id__in=users, unit_id__in=set(heirs.values())):
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


def _data(post: Post) -> dict[str, Any]:
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
        "fields": [field.pk for field in post.fields.all()],
    }


def _said(posts: Sequence[Post], consequence: str, change: UnitChange, *, needs_person: bool = False) -> list[Effect]:
    if not posts:
        return []
    named = tuple(
        f"{post.user.get_full_name()}, {ROLE_NAMES[Role(post.role)]}, {change.names[post.unit_id]}"
        for post in posts[:NAMED]
    )
    return [Effect(HELD, len(posts), consequence, named, needs_person)]


def _readers(change: UnitChange) -> list[Effect]:
    """Who reads whose history from the day on, in words; the rights themselves follow tree and succession."""
    ended = set(change.ended)
    passed = [
        f"{change.names[new]} đọc lịch sử của {change.names[old]}"
        for old, heirs in change.successor_of.items()
        if old in ended
        for new, _ in heirs
    ]
    above = UnitParent.objects.filter(valid_on(change.on - date.resolution), unit_id__in=change.moved)
    before = len(set(above.values_list("parent_id", flat=True)))
    found = [
        Effect(
            "quyền đọc lịch sử của đơn vị kết thúc",
            len(passed),
            "đơn vị kế tục và cấp trên của đơn vị kế tục được đọc; đơn vị cùng cấp không được đọc thêm",
            tuple(passed[:NAMED]),
        ),
        Effect(
            "đơn vị đổi cấp trên",
            len(change.moved),
            f"{before} đơn vị cấp trên cũ chỉ còn đọc qua tuyến khác, nếu có; cấp trên mới đọc được từ ngày này",
            tuple(change.names[unit_id] for unit_id in change.moved[:NAMED]),
        ),
    ]
    return [effect for effect in found if effect.count]
