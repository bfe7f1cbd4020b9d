"""Thông báo: what the person was told, and where mails of it go. Everybody sees only their own."""

import csv

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from giaoban.accounts import services
from giaoban.accounts.models import MailWish, User
from giaoban.core.tidy import guarded
from giaoban.core.vietnamese import moment
from giaoban.kit.http import ActorRequest
from giaoban.kit.messages import inbox, mark_read
from giaoban.kit.models import Message, MessageKind

PAGE_SIZE = 25
HEADER = ("Lúc", "Loại", "Tiêu đề", "Nội dung", "Đã đọc lúc")


@require_safe
def listed(request: ActorRequest) -> HttpResponse:
    """Unread first, then the newest."""
    own = _own(request)
    counted = list(own.values_list("kind").annotate(all=Count("pk"), fresh=Count("pk") - Count("read_at")))
    page = Paginator(_asked(request, own), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "accounts/inbox.html",
        {
            "page": page,
            "rows": [(row, kind_name(row.kind)) for row in page],
            "kinds": [(key, kind_name(key)) for key, _, _ in sorted(counted)],
            "chosen": request.GET.get("loai", ""),
            "fresh": sum(fresh for _, _, fresh in counted),
            "total": sum(count for _, count, _ in counted),
        },
    )


@require_safe
def export(request: ActorRequest) -> HttpResponse:
    """The same list as a file."""
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="thong-bao.csv"'
    writer = csv.writer(response)
    writer.writerow(HEADER)
    for row in _asked(request, _own(request)).iterator():
        read = moment(timezone.localtime(row.read_at)) if row.read_at else ""
        made = moment(timezone.localtime(row.made_at))
        writer.writerow([made, kind_name(row.kind), guarded(row.subject), guarded(row.body), read])
    return response


@require_POST
def read_all(request: ActorRequest) -> HttpResponse:
    """Everything unread is read; with `id`, only this message."""
    chosen = [int(text) for text in request.POST.getlist("id") if text.isascii() and text.isdigit() and len(text) < 19]
    count = mark_read(_user(request).pk, chosen or None, at=timezone.now())
    messages.success(request, f"Đã đánh dấu {count} thông báo là đã đọc.")
    return redirect("accounts:inbox")


@require_POST
def follow(request: ActorRequest, pk: int) -> HttpResponse:
    """Go to what a message is about; it counts as read."""
    row = get_object_or_404(inbox(_user(request).pk), pk=pk)
    mark_read(row.person_id, [row.pk], at=timezone.now())
    return redirect(row.link or "accounts:inbox")


class MailForm(forms.Form):
    """Where mail goes and how often; an address is needed for any mail."""

    email = forms.EmailField(
        label="Địa chỉ thư điện tử",
        required=False,
        max_length=254,
        help_text="Nên dùng hộp thư công vụ. Để trống thì không gửi thư.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "class": "form-control"}),
    )
    mail_wish = forms.ChoiceField(
        label="Gửi thư",
        choices=[(one.value, str(one.label).capitalize()) for one in MailWish],
        widget=forms.RadioSelect,
    )

    def clean(self) -> None:
        given = self.cleaned_data
        if given.get("mail_wish") == MailWish.AT_ONCE and not given.get("email") and "email" not in self.errors:
            self.add_error("email", "Chưa có địa chỉ để gửi thư. Nhập địa chỉ, hoặc chọn không gửi thư.")


def mail(request: ActorRequest) -> HttpResponse:
    """The person's own choice."""
    user = _user(request)
    form = MailForm(request.POST or None, initial={"email": user.email, "mail_wish": user.mail_wish})
    if request.method == "POST" and form.is_valid():
        wish = MailWish(form.cleaned_data["mail_wish"])
        services.choose_mail(user, email=form.cleaned_data["email"], wish=wish, by=request.actor, at=timezone.now())
        messages.success(request, "Đã lưu cách nhận thư.")
        return redirect("accounts:mail")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/mail.html", {"form": form}, status=status)


def _user(request: ActorRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _own(request: ActorRequest) -> QuerySet[Message]:
    return inbox(_user(request).pk)


def _asked(request: ActorRequest, rows: QuerySet[Message]) -> QuerySet[Message]:
    """Of the chosen kind, in the order of the list."""
    kind = request.GET.get("loai", "")
    is_read = ExpressionWrapper(Q(read_at__isnull=False), output_field=BooleanField())
    return (rows.filter(kind=kind) if kind else rows).order_by(is_read, "-made_at", "-pk")


def kind_name(kind: str) -> str:
    """A kind in words; a room's own kind without words is a plain message."""
    return str(MessageKind(kind).label) if kind in MessageKind.values else "Thông báo"
