from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from giaoban.accounts import services
from giaoban.accounts.models import User
from giaoban.accounts.selectors import ACTING_UNIT
from giaoban.kit.frame import actor_of
from giaoban.kit.http import ActorRequest


class PasswordChange(PasswordChangeView):
    """The person's own password, by the old one; other sessions of the person end."""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("accounts:password-changed")

    def form_valid(self, form: "PasswordChangeForm") -> HttpResponse:
        actor = actor_of(self.request)
        if actor is None or not isinstance(self.request.user, User):
            raise Http404
        user = self.request.user
        services.set_password(user, form.cleaned_data["new_password1"], by=actor, at=timezone.now())
        update_session_auth_hash(self.request, user)
        return HttpResponseRedirect(self.get_success_url())


@require_POST
def act_for(request: ActorRequest, unit_id: int) -> HttpResponse:
    """Switch the acting unit to another one at which the person holds a post; anything else is unknown here."""
    if unit_id not in request.actor.unit_ids:
        raise Http404
    request.session[ACTING_UNIT] = unit_id
    back = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "/")
