from django.contrib.auth.forms import AuthenticationForm


class SignInForm(AuthenticationForm):
    """Name and password. Letter case of the name does not matter, neither for finding the person nor for the lock."""

    error_messages = {
        "invalid_login": "Tên đăng nhập hoặc mật khẩu không đúng. Mật khẩu phân biệt chữ hoa, chữ thường.",
        "inactive": "Tài khoản này đã ngừng dùng. Hỏi người quản trị của đơn vị.",
    }

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()
