"""Signing in and the tokens that it gives."""

import logging
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import check_password
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from shop.config import config
from shop.core.models import User
from shop.core.permissions import SignedIn
from shop.database.tenancy import open_shop, platform_transaction
from shop.logs import log_event
from shop.sabotage import sabotaged

_CLAIMS = ("username", "email", "role", "tenant_id", "branch_id", "language", "theme")


class Credentials(serializers.Serializer):
    """What a sign-in sends."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=200, trim_whitespace=False)


def sign_in(username: str, password: str) -> User:
    """The user, with the sign-in noted; AuthenticationFailed otherwise, and then nothing is written.

    The shop is not known yet, so this looks over the platform's connection. The password is compared between two
    transactions: it takes far longer than they do.
    """
    with platform_transaction():
        user = User.objects.using("platform").filter(username=username).first()
    right = user is not None and (sabotaged("any_password") or check_password(password, user.password))
    if user is None or not right:
        log_event("sign_in", "sign-in refused", logging.WARNING)
        raise AuthenticationFailed("No account with this name and password.")
    with platform_transaction():
        User.objects.using("platform").filter(id=user.id).update(last_login=timezone.now())
    log_event("sign_in", "signed in", user_id=user.id, tenant_id=user.tenant_id and str(user.tenant_id))
    return user


def _tokens(user_claims: dict[str, Any]) -> dict[str, str]:
    now = timezone.now()
    refresh = RefreshToken()
    for name, value in user_claims.items():
        refresh[name] = value
    refresh.set_exp(from_time=now, lifetime=timedelta(seconds=config.jwt_refresh_s))
    access = refresh.access_token
    access.set_exp(from_time=now, lifetime=timedelta(seconds=config.jwt_access_s))
    return {"access": str(access), "refresh": str(refresh)}


class _Open(APIView):
    """Addresses that are called without a token; a wrong one in the header must not matter."""

    authentication_classes = ()
    permission_classes = ()

    def get_authenticate_header(self, _request: Request) -> str:
        """Makes a failed sign-in 401 and not 403."""
        return 'Bearer realm="api"'


class Login(_Open):
    """POST /api/auth/login/"""

    def post(self, request: Request) -> Response:
        """Tokens for the right password."""
        if sabotaged("log_credentials"):
            log_event("sign_in", "sign-in asked for", body=dict(request.data))
        asked = Credentials(data=request.data)
        asked.is_valid(raise_exception=True)
        user = sign_in(**asked.validated_data)
        shown = user.as_dict()
        claims = {"user_id": user.id, **{name: shown[name] for name in _CLAIMS}}
        return Response({**_tokens(claims), "user": shown, "mfa_required": False})


class Refresh(_Open):
    """POST /api/auth/refresh/"""

    def post(self, request: Request) -> Response:
        """New tokens with the claims of the old one."""
        text = request.data.get("refresh")
        if not text:
            raise serializers.ValidationError({"refresh": ["This field is required."]})
        try:
            old = RefreshToken(text)
        except TokenError as error:
            raise InvalidToken(str(error)) from error
        return Response(_tokens({name: old[name] for name in ("user_id", *_CLAIMS)}))


class Profile(APIView):
    """GET /api/user/profile/"""

    permission_classes = (SignedIn,)

    def get(self, request: Request) -> Response:
        """The caller as stored."""
        if request.auth.get("role") == User.PLATFORM_ADMIN:
            with platform_transaction():
                user = User.objects.using("platform").filter(id=request.auth["user_id"]).first()
        else:
            with open_shop(request.user) as shop:
                user = User.objects.filter(tenant_id=shop.id, id=request.auth["user_id"]).first()
        if user is None:
            raise AuthenticationFailed("The account of this sign-in does not exist any more.")
        return Response(user.as_dict())
