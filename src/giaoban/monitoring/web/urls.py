from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.urls import path
from django.views.generic import RedirectView

from giaoban.monitoring.web import views

app_name = "monitoring"


def moved(route: str) -> Callable[..., HttpResponseBase]:
    """For addresses that were given out before the list of disagreements went to the room of indicators."""
    return RedirectView.as_view(pattern_name=route, permanent=True, query_string=True)


urlpatterns = [
    path("", views.matrix, name="matrix"),
    path("xuat.csv", views.matrix_csv, name="matrix-csv"),
    path("phat-hien/", views.findings, name="findings"),
    path("phat-hien/<int:pk>/", views.finding, name="finding"),
    path("quy-tac/<slug:key>/", views.rule, name="rule"),
    path("chenh-lech/", moved("indicators:discrepancies")),
    path("chenh-lech/<int:pk>/", moved("indicators:discrepancy")),
]
