from django.urls import path

from giaoban.indicators.web import views

app_name = "indicators"

urlpatterns = [
    path("<slug:key>/<str:period>/", views.reading, name="reading"),
    path("<slug:key>/<str:period>/so-lieu.csv", views.reading_csv, name="reading-csv"),
]
