from django.urls import path

from giaoban.monitoring.web import views

app_name = "monitoring"

urlpatterns = [
    path("", views.matrix, name="matrix"),
    path("xuat.csv", views.matrix_csv, name="matrix-csv"),
    path("phat-hien/", views.findings, name="findings"),
    path("phat-hien/<int:pk>/", views.finding, name="finding"),
    path("quy-tac/<slug:key>/", views.rule, name="rule"),
    path("chenh-lech/", views.discrepancies, name="discrepancies"),
    path("chenh-lech/<int:pk>/", views.discrepancy, name="discrepancy"),
]
