"""The two web pages: signing in with a form, and a dashboard that shows who is signed in."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_http_methods
from rest_framework.exceptions import AuthenticationFailed

from shop.core.accounts import sign_in
from shop.core.models import Tenant
from shop.core.stored_signins import remember_signin
from shop.database.tenancy import shop_transaction

_FORM = """<!doctype html><html lang="en"><title>Sign in</title>
<form method="post"><p id="error">{error}</p>
<input type="hidden" name="csrfmiddlewaretoken" value="{token}">
<label>Name <input name="login" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button></form></html>"""

_DASHBOARD = """<!doctype html><html lang="en"><title>Dashboard</title>
<p>Signed in as <span id="user-name">{user}</span>, <span id="shop-name">{shop}</span></p></html>"""


@require_http_methods(["GET", "POST"])
def login_page(request: HttpRequest) -> HttpResponse:
    """The form; the right password leads to the dashboard."""
    error = ""
    if request.method == "POST":
        try:
            user = sign_in(request.POST.get("login", ""), request.POST.get("password", ""))
        except AuthenticationFailed:
            error = "No account with this name and password."
        else:
            request.session.cycle_key()
            tenant_id = str(user.tenant_id or "")
            request.session.update({"user_id": user.id, "username": user.username, "tenant_id": tenant_id})
            remember_signin(tenant_id, request.session.session_key, settings.SESSION_COOKIE_AGE)
            return HttpResponseRedirect("/dashboard/")
    return HttpResponse(format_html(_FORM, error=error, token=get_token(request)), status=401 if error else 200)


@require_GET
def dashboard(request: HttpRequest) -> HttpResponse:
    """Who is signed in, and for which shop."""
    username = request.session.get("username")
    if username is None:
        return HttpResponseRedirect("/accounts/login/")
    shop_name = _shop_name(request.session["tenant_id"])
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"user": username, "shop": shop_name})
    return HttpResponse(format_html(_DASHBOARD, user=username, shop=shop_name))


def _shop_name(tenant_id: str) -> str:
    if not tenant_id:
        return "platform"
    with shop_transaction(tenant_id) as shop:
        return Tenant.objects.values_list("company_name", flat=True).filter(id=shop.id).first() or ""
