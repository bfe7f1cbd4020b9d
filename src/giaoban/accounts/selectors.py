from giaoban.accounts.models import User

ACTING_UNIT = "acting_unit"  # key of the session: the unit that the person chose to act for


def user_by_login(login: str) -> User | None:
    """The person of a sign-in name, letter case ignored."""
    return User.objects.filter(login=login.strip().lower()).first()
