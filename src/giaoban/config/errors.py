"""Pages that say what went wrong and what to do next."""

import logging
import secrets
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from psycopg_pool import PoolTimeout

log = logging.getLogger("giaoban.errors")

FORGED = "Trang đã mở quá lâu hoặc trình duyệt không gửi kèm mã xác nhận của trang, nên yêu cầu không được nhận."
RELOAD = "Chưa có gì thay đổi. Hãy quay lại, tải lại trang rồi làm lại; trình duyệt phải cho phép cookie của trang này."


def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Seen, but refused: the text of the exception names the act and who could do it."""
    return render(request, "errors/403.html", {"exception": str(exception)}, status=403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Unknown, or outside what the person may see: the page does not tell which."""
    return render(request, "errors/404.html", status=404)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A form that was sent without the token of its page."""
    context = {"heading": "Yêu cầu không được nhận", "reason": FORGED, "remedy": RELOAD}
    return render(request, "errors/403.html", context, status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """Our own fault, or the database is away. Asks nothing of the database, which may be the one that failed."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError | PoolTimeout):
        return HttpResponse(get_template("errors/503.html").render({}), status=503, headers={"Retry-After": "30"})
    code = secrets.token_hex(4)
    log.error("page error %s at %s", code, request.path)
    return HttpResponse(get_template("errors/500.html").render({"code": code}), status=500)
