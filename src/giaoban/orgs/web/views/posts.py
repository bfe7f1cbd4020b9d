"""Who holds which post at a unit: now, before, ahead; given, ended and lent there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from giaoban.accounts.selectors import user_by_login
from giaoban.core.vietnamese import day
from giaoban.kit.http import ActorRequest
from giaoban.orgs import selectors, services
from giaoban.orgs.selectors import PostCard, UnitCard
from giaoban.orgs.web import page
from giaoban.orgs.web.post_forms import DelegateForm, EndForm, GiveForm, after

NOBODY = "Không có người dùng mang tên đăng nhập này; người ấy phải có tài khoản trước."
FIELDS = {"on": "valid_to", "user": "login"}  # what a refusal calls an input → what the forms call it


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post with what may still be done to it; None = nothing."""

    post: PostCard
    end: EndForm | None
    delegate: DelegateForm | None


@require_safe
def posts(request: ActorRequest, key: str) -> HttpResponse:
    today = timezone.localdate()
    return _page(request, selectors.unit_for(request.actor, key, today), today)


@require_POST
def give(request: ActorRequest, key: str) -> HttpResponse:
    today = timezone.localdate()
    card = selectors.unit_for(request.actor, key, today)
    form = GiveForm(request.POST, prefix="give")

    def act() -> str:
        said = form.cleaned_data
        user = user_by_login(said["login"])
        if user is None:
            raise services.PostRefused(NOBODY, "user")
        services.give_post(
            user_id=user.pk,
            unit_id=card.id,
            role=form.role_given(),
            valid_from=said["valid_from"],
            valid_to=after(said["valid_to"]),
            acting=said["acting"],
            reason=said["reason"],
            by=request.actor,
            at=timezone.now(),
        )
        return f"Đã giao vị trí cho {user.get_full_name()} từ {day(said['valid_from'])}."

    return _done(request, card, today, form, act)


@require_POST
def end(request: ActorRequest, key: str, pk: int) -> HttpResponse:
    today = timezone.localdate()
    card = selectors.unit_for(request.actor, key, today)
    post = selectors.post_at(card.id, pk)
    form = EndForm(request.POST, prefix=f"end-{pk}")

    def act() -> str:
        last: date = form.cleaned_data["valid_to"]
        on = after(last) or last
        services.end_post(pk, on=on, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())
        return f"{post.name} giữ vị trí đến hết ngày {day(last)}."

    return _done(request, card, today, form, act)


@require_POST
def delegate(request: ActorRequest, key: str, pk: int) -> HttpResponse:
    today = timezone.localdate()
    card = selectors.unit_for(request.actor, key, today)
    post = selectors.post_at(card.id, pk)
    form = DelegateForm(request.POST, prefix=f"delegate-{pk}")

    def act() -> str:
        said = form.cleaned_data
        user = user_by_login(said["login"])
        if user is None:
            raise services.PostRefused(NOBODY, "user")
        services.delegate(
            post.id,
            to_user_id=user.pk,
            valid_from=said["valid_from"],
            valid_to=after(said["valid_to"]) or said["valid_to"],
            reason=said["reason"],
            by=request.actor,
            at=timezone.now(),
        )
        return f"{user.get_full_name()} được ủy quyền của {post.name} đến hết ngày {day(said['valid_to'])}."

    return _done(request, card, today, form, act)


def _done(request: ActorRequest, card: UnitCard, today: date, form: Form, act: Callable[[], str]) -> HttpResponse:
    """Do it and go back to the page; or the page again with what is wrong."""
    if form.is_valid():
        try:
            messages.success(request, act())
        except services.PostRefused as refusal:
            field = FIELDS.get(refusal.field, refusal.field)
            form.add_error(field if field in form.fields else None, refusal.sentence)
        else:
            return redirect("orgs:posts", card.key)
    return _page(request, card, today, wrong=form, status=422)


def _page(
    request: ActorRequest, card: UnitCard, today: date, *, wrong: Form | None = None, status: int = 200
) -> HttpResponse:
    may = request.actor.everything or selectors.manages_from(request.actor, card.id, today) is not None
    forms = {str(wrong.prefix): wrong} if wrong is not None else {}
    history = selectors.post_history(card.id)
    context = {
        "card": card,
        "held": [_row(post, forms, may) for post in selectors.posts_on(card.id, today)],
        "ahead": [_row(post, forms, may) for post in history if post.state(today) == "ahead"],
        "past": [post for post in history if post.state(today) == "past"],
        "may": may,
        "give_form": forms.get("give") or GiveForm(prefix="give"),
        "wrong": wrong,
        "bar": page.bar(request, today, today),
    }
    return render(request, "orgs/posts.html", context, status=status)


def _row(post: PostCard, forms: Mapping[str, Form], may: bool) -> PostRow:
    """A lent post is ended, not lent again."""
    if not may:
        return PostRow(post, None, None)
    end, lend = forms.get(f"end-{post.id}"), forms.get(f"delegate-{post.id}")
    return PostRow(
        post,
        end if isinstance(end, EndForm) else EndForm(prefix=f"end-{post.id}"),
        None
        if post.delegated_by
        else lend
        if isinstance(lend, DelegateForm)
        else DelegateForm(prefix=f"delegate-{post.id}"),
    )
