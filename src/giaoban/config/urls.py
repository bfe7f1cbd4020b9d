"""Addresses: each room under its own prefix."""

import importlib.util

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from giaoban.config import api
from giaoban.config.home import home
from giaoban.kit.gallery import gallery

PREFIXES = {
    "tai-khoan/": "accounts",
    "bao-cao/": "reporting",
    "chi-so/": "indicators",
    "theo-doi/": "monitoring",
    "hop/": "meetings",
    "nhiem-vu/": "tasks",
    "don-vi/": "orgs",
    "tai-lieu/": "briefs",
}


@login_not_required
def healthz(_: HttpRequest) -> HttpResponse:
    """200 when this process answers and reaches its database; an error page when it does not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("api/v1/", include((api.urls(), "api"))),
    *([path("kit/gallery/", login_not_required(gallery), name="gallery")] if settings.DEBUG else []),
    *(
        path(prefix, include(f"giaoban.{room}.web.urls"))
        for prefix, room in PREFIXES.items()
        if importlib.util.find_spec(f"giaoban.{room}.web") and importlib.util.find_spec(f"giaoban.{room}.web.urls")
    ),
]

handler403 = "giaoban.config.errors.denied"
handler404 = "giaoban.config.errors.missing"
handler500 = "giaoban.config.errors.broken"
