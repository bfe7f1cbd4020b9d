from django.urls import path

from giaoban.tasks.web import views

app_name = "tasks"

urlpatterns = [
    path("", views.index, name="index"),
    path("xuat.csv", views.export, name="export"),
    path("<int:pk>/", views.task, name="task"),
    path("phan-viec/<int:pk>/", views.share, name="share"),
    path("phan-viec/<int:pk>/tien-do/", views.report_progress, name="progress"),
    path("phan-viec/<int:pk>/xac-nhan/", views.verify, name="verify"),
    path("phan-viec/<int:pk>/tra-lai/", views.reopen, name="reopen"),
    path("phan-viec/<int:pk>/doi-han/", views.move_deadline, name="deadline"),
]
