from django.contrib.auth import views as auth
from django.urls import path, reverse_lazy

from giaoban.accounts.web import views

app_name = "accounts"

urlpatterns = [
    path(
        "dang-nhap/",
        auth.LoginView.as_view(template_name="accounts/sign_in.html", redirect_authenticated_user=True),
        name="sign-in",
    ),
    path("dang-xuat/", auth.LogoutView.as_view(), name="sign-out"),
    path(
        "mat-khau/",
        auth.PasswordChangeView.as_view(
            template_name="accounts/password.html", success_url=reverse_lazy("accounts:password-changed")
        ),
        name="password",
    ),
    path(
        "mat-khau/xong/",
        auth.PasswordChangeDoneView.as_view(template_name="accounts/password_changed.html"),
        name="password-changed",
    ),
    path("thay-mat/<int:unit_id>/", views.act_for, name="act-for"),
]
