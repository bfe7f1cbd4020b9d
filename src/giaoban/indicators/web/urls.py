from django.urls import path

from giaoban.indicators.web import discrepancies, hints, views
from giaoban.indicators.web.pivot import views as pivot

app_name = "indicators"

urlpatterns = [
    path("bang/", pivot.pivot, name="pivot"),
    path("bang/bang.xlsx", pivot.pivot_xlsx, name="pivot-xlsx"),
    path("bang/so-lieu.csv", pivot.pivot_csv, name="pivot-csv"),
    path("bang/sdmx.csv", pivot.pivot_sdmx, name="pivot-sdmx"),
    path("bat-thuong/", hints.hints, name="hints"),
    path("bat-thuong/xuat.csv", hints.hints_csv, name="hints-csv"),
    path("chenh-lech/", discrepancies.discrepancies, name="discrepancies"),
    path("chenh-lech/xuat.csv", discrepancies.discrepancies_csv, name="discrepancies-csv"),
    path("chenh-lech/giao/", discrepancies.assign, name="discrepancies-assign"),
    path("chenh-lech/<int:pk>/", discrepancies.discrepancy, name="discrepancy"),
    path("", views.index, name="index"),
    path("<slug:key>/", views.series, name="series"),
    path("<slug:key>/chuoi.csv", views.series_csv, name="series-csv"),
    path("<slug:key>/<str:period>/", views.reading, name="reading"),
    path("<slug:key>/<str:period>/so-lieu.csv", views.reading_csv, name="reading-csv"),
]
