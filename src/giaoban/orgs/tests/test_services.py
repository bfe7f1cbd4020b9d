from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from giaoban.kit.actors import system_actor
from giaoban.kit.acts import acts_on
from giaoban.kit.permissions import Role
from giaoban.orgs import services
from giaoban.orgs.models import Post
from giaoban.orgs.tests import factories

pytestmark = pytest.mark.django_db

AT = factories.moment(2026, 1, 1)


def test_giving_a_post_leaves_an_act_and_a_second_one_the_same_day_is_refused() -> None:
    unit, user = factories.unit("board", "board"), factories.person("an")
    by = system_actor("máy")
    post = services.give_post(
        user_id=user.pk, unit_id=unit.pk, role=Role.HEAD, valid_from=date(2026, 1, 1), by=by, at=AT
    )
    (entry,) = acts_on(post)
    assert (entry.name, entry.actor_name, entry.detail) == ("orgs.give-post", "máy", {"role": "head", "unit": "board"})
    with pytest.raises(IntegrityError), transaction.atomic():
        services.give_post(user_id=user.pk, unit_id=unit.pk, role=Role.HEAD, valid_from=None, by=by, at=AT)


def test_only_an_administrator_of_the_unit_gives_posts_there() -> None:
    unit, other, user = factories.unit("board", "board"), factories.unit("other", "board"), factories.person("an")
    for by in (factories.actor("head", unit, Role.HEAD), factories.actor("admin", other, Role.ADMINISTRATOR)):
        with pytest.raises(PermissionDenied):
            services.give_post(user_id=user.pk, unit_id=unit.pk, role=Role.HEAD, valid_from=None, by=by, at=AT)
    assert not Post.objects.filter(user=user).exists()
    by = factories.actor("clerk", unit, Role.ADMINISTRATOR)
    services.give_post(user_id=user.pk, unit_id=unit.pk, role=Role.OFFICER, valid_from=None, by=by, at=AT)
    assert Post.objects.filter(user=user, role="officer").exists()
