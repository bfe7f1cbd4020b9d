from django.urls import path

from giaoban.orgs.web import views

app_name = "orgs"

urlpatterns = [
    path("", views.tree, name="tree"),
    path("tim/", views.search, name="search"),
    path("khoang-trong/", views.gaps, name="gaps"),
    path("vung/<slug:key>/", views.region, name="region"),
    path("<str:key>/", views.unit, name="unit"),
]
