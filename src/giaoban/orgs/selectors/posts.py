"""Who holds which post, on a day."""

from datetime import date

from giaoban.kit.actors import Actor, HeldPost
from giaoban.kit.models import valid_on
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Post
from giaoban.orgs.selectors.cards import cards


def held_posts(user_id: int, on: date) -> tuple[HeldPost, ...]:
    """The posts a person holds on a day, in the order in which they were given."""
    posts = list(Post.objects.filter(valid_on(on), user_id=user_id).prefetch_related("fields").order_by("pk"))
    called = cards([post.unit_id for post in posts], on)
    return tuple(
        HeldPost(
            unit_id=post.unit_id,
            role=Role(post.role),
            unit_name=called[post.unit_id].name,
            fields=frozenset(field.key for field in post.fields.all()),
            acting=post.acting,
        )
        for post in posts
    )


def actor_for(user_id: int, name: str, on: date, *, acting_for: int | None = None) -> Actor:
    """The actor of a person on a day; `acting_for` counts only when a post is held there."""
    posts = held_posts(user_id, on)
    units = [post.unit_id for post in posts]
    unit_id = acting_for if acting_for in units else (units[0] if units else None)
    return Actor(user_id=user_id, name=name, posts=posts, unit_id=unit_id)


def people_at(unit_id: int, on: date) -> list[tuple[str, Role, bool]]:
    """Name, role and whether acting, of everybody who holds a post at the unit on a day."""
    rows = Post.objects.filter(valid_on(on), unit_id=unit_id).select_related("user").order_by("pk")
    return [(row.user.get_full_name(), Role(row.role), row.acting) for row in rows]
