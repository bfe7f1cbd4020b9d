"""The interface for other programs, version 1: signed in as on the pages, JSON, refusals of one shape.

Its description is `/api/v1/openapi.json`. There is no page to try it out: the usual ones fetch their parts from
elsewhere.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.renderers import JSONRenderer
from ninja.security import SessionAuth

from giaoban.config.errors import FORGED
from giaoban.core.queries import QueryRefused
from giaoban.indicators.api import figures_router
from giaoban.orgs.api import events_router, trees_router
from giaoban.orgs.services import EventRefused
from giaoban.reporting.api import reports_router

log = logging.getLogger(__name__)

SIGN_IN = "Hãy đăng nhập rồi gọi lại kèm cookie của phiên làm việc."
NOT_FOUND = "Không có, hoặc nằm ngoài phạm vi của bạn."


class PlainJSON(JSONRenderer):
    """Vietnamese letters as themselves."""

    json_dumps_params: Mapping[str, Any] = {"ensure_ascii": False}


api = NinjaAPI(
    title="Giao ban",
    version="1",
    description="Đơn vị, địa bàn, biến động theo thời gian; báo cáo; số liệu. "
    "Mọi câu trả lời từ 400 trở lên có dạng Refusal.",
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url=None,
    renderer=PlainJSON(),
    auth=SessionAuth(),
)
api.add_router("", trees_router)
api.add_router("", events_router)
api.add_router("", reports_router)
api.add_router("", figures_router)


def urls() -> list[URLPattern]:
    """The addresses of the interface. Whoever is not signed in gets 401 from it, not the sign-in page."""
    patterns = [one for one in api.urls[0] if isinstance(one, URLPattern)]
    for pattern in patterns:
        if pattern.name not in ("openapi-json", "api-root"):
            login_not_required(pattern.callback)
    return patterns


def refusal(
    request: HttpRequest,
    status: int,
    code: str,
    sentence: str,
    at: str = "",
    faults: list[dict[str, str]] | None = None,
) -> HttpResponse:
    body = {"code": code, "sentence": sentence, "at": at, "faults": faults or []}
    return api.create_response(request, body, status=status)


@api.exception_handler(AuthenticationError)
def nobody(request: HttpRequest, _: Any) -> HttpResponse:
    return refusal(request, 401, "sign-in", SIGN_IN)


@api.exception_handler(HttpError)
def refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What the library itself refuses: a request without the page's token, or a body that is no JSON."""
    if error.status_code == 403:
        return refusal(request, 403, "forged", FORGED, "X-CSRFToken")
    return refusal(request, error.status_code, "unreadable", "Nội dung gửi lên không phải JSON đọc được.", "body")


@api.exception_handler(PermissionDenied)
def denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return refusal(request, 403, "denied", str(error))


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return refusal(request, 404, "not-found", str(error) or NOT_FOUND)


@api.exception_handler(EventRefused)
def event_refused(request: HttpRequest, error: EventRefused) -> HttpResponse:
    faults = [{"code": one.code, "sentence": one.sentence, "at": one.at} for one in error.faults]
    first = faults[0] if faults else {"code": "event-refused", "at": error.field}
    return refusal(request, 422, first["code"], error.sentence, first["at"], faults)


@api.exception_handler(QueryRefused)
def query_refused(request: HttpRequest, error: QueryRefused) -> HttpResponse:
    """A question about figures that has no answer. 404: nothing of that name in reach; 409: no engine for it now."""
    faults = [{"code": error.code, "sentence": one, "at": error.place} for one in error.details]
    status = 409 if error.code == "engine" else 404 if error.code == "unknown-unit" else 422
    return refusal(request, status, error.code, error.sentence, error.place, faults)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Parameters and bodies of a wrong shape, each named."""
    faults = [_fault(one) for one in error.errors]
    return refusal(request, 422, faults[0]["code"], faults[0]["sentence"], faults[0]["at"], faults)


@api.exception_handler(OverflowError)
def out_of_calendar(request: HttpRequest, _: OverflowError) -> HttpResponse:
    return refusal(request, 422, "day-out-of-range", "Ngày nằm ngoài lịch dùng được; chọn ngày từ năm 1900.", "on")


@api.exception_handler(Exception)
def failed(request: HttpRequest, error: Exception) -> HttpResponse:
    """A fault of ours: logged whole, told in the same shape as every refusal."""
    log.error("%s %s", request.method, request.path, exc_info=error)
    return refusal(request, 500, "failed", "Máy chủ gặp lỗi, chưa ghi gì. Thử lại, hoặc báo người quản trị.")


def _fault(error: dict[str, Any]) -> dict[str, str]:
    """One fault that pydantic found, in our words. `loc` begins with where: query, path, body."""
    at = ".".join(str(one) for one in error["loc"])
    name = str(error["loc"][-1])
    words = next((words for start, words in WORDS if str(error["type"]).startswith(start)), None)
    return {"code": str(error["type"]), "sentence": (words or _other)(name, error), "at": at}


def _other(name: str, _: dict[str, Any]) -> str:
    return f"Giá trị của {name} không hợp lệ."


def _one_of(name: str, error: dict[str, Any]) -> str:
    return f"{name} phải là một trong: {error.get('ctx', {}).get('expected', '')}.".replace("' or '", "', '")


WORDS: tuple[tuple[str, Callable[[str, dict[str, Any]], str]], ...] = (
    ("missing", lambda name, _: f"Thiếu {name}."),
    ("date", lambda name, _: f"{name} không đọc được là ngày; ghi năm-tháng-ngày, ví dụ 2025-07-01."),
    ("int", lambda name, _: f"{name} phải là số nguyên."),
    ("greater_than", lambda name, error: f"{name} không được nhỏ hơn {error['ctx'].get('ge', 0)}."),
    ("less_than", lambda name, error: f"{name} không được lớn hơn {error['ctx'].get('le', 0)}."),
    ("literal_error", _one_of),
    ("string_too_short", lambda name, _: f"{name} không được để trống."),
)
