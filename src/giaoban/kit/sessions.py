"""Sessions in the database, as Django's own, read with a prepared query: every request of a signed-in person does."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from giaoban.kit.prepared import Prepared, given


@Prepared
def _standing() -> QuerySet[Session]:
    return Session.objects.filter(session_key=given("key"), expire_date__gt=given("now"))


class SessionStore(db.SessionStore):
    """Of `SESSION_ENGINE`."""

    def _get_session_from_db(self) -> Any:
        found = _standing(key=self.session_key, now=timezone.now())
        if not found:
            self._session_key = None
            return None
        return found[0]
