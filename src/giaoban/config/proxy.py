"""Who called, when a reverse proxy stands before us."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The caller's address. Behind our proxy the last one of X-Forwarded-For: anybody can invent those before it."""
    if settings.HTTPS and (passed := request.headers.get("X-Forwarded-For")):
        return passed.rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))
