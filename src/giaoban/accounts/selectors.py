from giaoban.accounts.models import User


def user_by_login(login: str) -> User | None:
    """The person of a sign-in name, letter case ignored."""
    return User.objects.filter(login__iexact=login).first()
