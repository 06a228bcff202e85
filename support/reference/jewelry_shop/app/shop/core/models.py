"""Shops (tenants), branches and users."""

from typing import Any
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Q


class Tenant(models.Model):
    """One jeweller."""

    ACTIVE, SUSPENDED, PENDING_DELETION = "ACTIVE", "SUSPENDED", "PENDING_DELETION"

    id = models.UUIDField(primary_key=True, default=uuid4)
    slug = models.TextField()
    company_name = models.TextField()
    status = models.TextField(default=ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "tenants"
        constraints = (
            models.UniqueConstraint(fields=("slug",), name="tenants_slug_key"),
            models.CheckConstraint(condition=Q(slug__regex=r"^[a-z0-9-]{3,60}$"), name="tenants_slug_form"),
            models.CheckConstraint(
                condition=Q(status__in=("ACTIVE", "SUSPENDED", "PENDING_DELETION")), name="tenants_status_known"
            ),
        )


class Branch(models.Model):
    """One place where a shop sells."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    tenant = models.ForeignKey(Tenant, models.RESTRICT)
    name = models.TextField()
    address = models.TextField(default="", blank=True)
    phone = models.TextField(default="", blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "branches"
        constraints = (models.UniqueConstraint(fields=("tenant", "name"), name="branches_tenant_name_key"),)

    def as_dict(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "address": self.address,
            "phone": self.phone,
            "is_active": self.is_active,
        }


class User(AbstractBaseUser):
    """A person of one shop, or the platform's administrator, who belongs to none."""

    PLATFORM_ADMIN = "PLATFORM_ADMIN"
    OWNER, MANAGER, EMPLOYEE = "TENANT_OWNER", "TENANT_MANAGER", "TENANT_EMPLOYEE"
    USERNAME_FIELD = "username"

    id = models.BigAutoField(primary_key=True)
    username = models.TextField(unique=True)
    email = models.TextField(default="", blank=True)
    role = models.TextField()
    tenant = models.ForeignKey(Tenant, models.RESTRICT, null=True)
    branch = models.ForeignKey(Branch, models.RESTRICT, null=True)
    language = models.TextField(default="en")
    theme = models.TextField(default="light")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = models.Manager()

    class Meta:
        db_table = "users"
        constraints = (
            models.CheckConstraint(
                condition=Q(role__in=("PLATFORM_ADMIN", "TENANT_OWNER", "TENANT_MANAGER", "TENANT_EMPLOYEE")),
                name="users_role_known",
            ),
            models.CheckConstraint(
                condition=Q(role="PLATFORM_ADMIN", tenant__isnull=True)
                | (~Q(role="PLATFORM_ADMIN") & Q(tenant__isnull=False)),
                name="users_platform_has_no_shop",
            ),
        )

    def as_dict(self) -> dict[str, Any]:
        """As the API shows it, which is also what the tokens claim."""
        return {
            "id": self.id,
            "username": self.username,
            "email": self.email,
            "role": self.role,
            "tenant_id": str(self.tenant_id) if self.tenant_id else None,
            "branch_id": str(self.branch_id) if self.branch_id else None,
            "language": self.language,
            "theme": self.theme,
            "is_mfa_enabled": False,
        }
