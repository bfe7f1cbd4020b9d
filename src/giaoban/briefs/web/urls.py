from django.urls import path

from giaoban.briefs.web import views

app_name = "briefs"

urlpatterns = [
    path("<int:pk>/", views.book, name="book"),
    path("<int:pk>.pdf", views.pdf, name="pdf"),
    path("<int:pk>.docx", views.docx, name="docx"),
]
