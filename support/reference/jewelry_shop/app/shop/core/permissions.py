"""Who may call what, from the claims of the token alone: no look-up, no header, no field of the body."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from shop.core.models import User


def _role(request: Request) -> str | None:
    return request.auth.get("role") if request.auth is not None else None


class PlatformAdministrator(BasePermission):
    """The platform's own addresses."""

    def has_permission(self, request: Request, _view: Any) -> bool:
        """True for the platform administrator."""
        return _role(request) == User.PLATFORM_ADMIN


class SignedIn(BasePermission):
    """Everybody with a genuine token."""

    def has_permission(self, request: Request, _view: Any) -> bool:
        """True with any role."""
        return _role(request) is not None


class ShopMember(BasePermission):
    """Everybody who works in a shop."""

    def has_permission(self, request: Request, _view: Any) -> bool:
        """True for owner, manager and employee; their token names a shop."""
        return _role(request) in {User.OWNER, User.MANAGER, User.EMPLOYEE} and bool(request.auth.get("tenant_id"))


class ShopMemberManagersWrite(ShopMember):
    """Employees may look, owner and manager may also add."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Reading for all of the shop, changing for its managers."""
        if not super().has_permission(request, view):
            return False
        return request.method == "GET" or _role(request) in {User.OWNER, User.MANAGER}
