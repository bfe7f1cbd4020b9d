"""Requests that no browser sends by itself are answered before anything reads them."""

from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

NUL = "\x00"


class NulMiddleware:
    """400 for a NUL character in path, query or posted fields: no database text can hold one.

    Stands before everything else, so it must not need an actor or a session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if has_nul(request):
            page = render_to_string("errors/400.html", {"stylesheets": render_to_string("kit/stylesheets.html")})
            return HttpResponse(page, status=400)
        return self.get_response(request)


def has_nul(request: HttpRequest) -> bool:
    """Whether path, query, posted fields or names of uploaded files hold a NUL. Raises as reading a post does."""
    if NUL in request.path or _in_pairs(request.GET.lists()):
        return True
    if request.method != "POST":
        return False
    files = ((name, [one.name or "" for one in held]) for name, held in request.FILES.lists())
    return _in_pairs(request.POST.lists()) or _in_pairs(files)


def _in_pairs(pairs: Iterable[tuple[str, Iterable[str]]]) -> bool:
    return any(NUL in name or any(NUL in value for value in values) for name, values in pairs)
