from django.contrib.auth import views as auth
from django.urls import path

from giaoban.accounts.web import messages, views
from giaoban.accounts.web.forms import SignInForm

app_name = "accounts"

urlpatterns = [
    path(
        "dang-nhap/",
        auth.LoginView.as_view(
            template_name="accounts/sign_in.html", form_class=SignInForm, redirect_authenticated_user=True
        ),
        name="sign-in",
    ),
    path("dang-xuat/", auth.LogoutView.as_view(), name="sign-out"),
    path("mat-khau/", views.PasswordChange.as_view(), name="password"),
    path(
        "mat-khau/xong/",
        auth.PasswordChangeDoneView.as_view(template_name="accounts/password_changed.html"),
        name="password-changed",
    ),
    path("thong-bao/", messages.listed, name="inbox"),
    path("thong-bao/thong-bao.csv", messages.export, name="inbox-csv"),
    path("thong-bao/da-doc/", messages.read_all, name="read"),
    path("thong-bao/<int:pk>/mo/", messages.follow, name="follow"),
    path("nhan-thu/", messages.mail, name="mail"),
    path("thay-mat/<int:unit_id>/", views.act_for, name="act-for"),
]
