"""Pages that say what went wrong and what to do next."""

import logging
import secrets
import sys
from types import TracebackType

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template, render_to_string
from django.utils.safestring import SafeString
from psycopg_pool import PoolTimeout

from giaoban.kit.http import NotReady

log = logging.getLogger("giaoban.errors")

FORGED = "Trang đã mở quá lâu hoặc trình duyệt không gửi kèm mã xác nhận của trang, nên yêu cầu không được nhận."
RELOAD = "Chưa có gì thay đổi. Hãy quay lại, tải lại trang rồi làm lại; trình duyệt phải cho phép cookie của trang này."


NOT_READY = {
    "kicker": "chưa sẵn sàng",
    "heading": "Đang dựng, mở lại sau ít phút",
    "remedy": "Máy đang dựng tệp này ở nền; không phải gửi lại gì. Hãy tải lại trang sau ít phút.",
}


def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Seen, but refused: the text of the exception names the act and who could do it."""
    return render(request, "errors/403.html", {"exception": str(exception)}, status=403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Unknown, or outside what the person may see: the page does not tell which, unless our own code gave a reason."""
    if isinstance(exception, NotReady):
        return render(request, "errors/404.html", {"reason": str(exception), **NOT_READY}, status=404)
    reason = str(exception) if _raised_by_us(exception.__traceback__) else ""
    return render(request, "errors/404.html", {"reason": reason}, status=404)


def _raised_by_us(trace: TracebackType | None) -> bool:
    """Whether the innermost call belongs to one of our rooms: what Django itself says is in English."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__", "")).startswith("giaoban.")


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A form that was sent without the token of its page."""
    context = {"heading": "Yêu cầu không được nhận", "reason": FORGED, "remedy": RELOAD}
    return render(request, "errors/403.html", context, status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """Our own fault, or the database is away. Asks nothing of the database, which may be the one that failed."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError | PoolTimeout):
        text = get_template("errors/503.html").render({"stylesheets": _stylesheets()})
        return HttpResponse(text, status=503, headers={"Retry-After": "30"})
    code = secrets.token_hex(4)
    log.error("page error %s at %s", code, request.path)
    text = get_template("errors/500.html").render({"code": code, "stylesheets": _stylesheets()})
    return HttpResponse(text, status=500)


def _stylesheets() -> SafeString:
    """The links to our style sheets; "" when their addresses cannot be had, which may be what went wrong."""
    try:
        return render_to_string("kit/stylesheets.html")
    except (ValueError, OSError):
        log.exception("no addresses of style sheets: giaoban prepare")
        return SafeString("")
