"""Shops, branches, users."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """As generated from the models."""

    initial = True

    dependencies = ()

    operations = (
        migrations.CreateModel(
            name="Tenant",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("slug", models.TextField()),
                ("company_name", models.TextField()),
                ("status", models.TextField(default="ACTIVE")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "tenants",
                "constraints": [
                    models.UniqueConstraint(fields=("slug",), name="tenants_slug_key"),
                    models.CheckConstraint(
                        condition=models.Q(("slug__regex", "^[a-z0-9-]{3,60}$")), name="tenants_slug_form"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ("ACTIVE", "SUSPENDED", "PENDING_DELETION"))),
                        name="tenants_status_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Branch",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("address", models.TextField(blank=True, default="")),
                ("phone", models.TextField(blank=True, default="")),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.tenant")),
            ],
            options={
                "db_table": "branches",
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("username", models.TextField(unique=True)),
                ("email", models.TextField(blank=True, default="")),
                ("role", models.TextField()),
                ("language", models.TextField(default="en")),
                ("theme", models.TextField(default="light")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "branch",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, to="core.branch"),
                ),
                (
                    "tenant",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, to="core.tenant"),
                ),
            ],
            options={
                "db_table": "users",
            },
        ),
        migrations.AddConstraint(
            model_name="branch",
            constraint=models.UniqueConstraint(fields=("tenant", "name"), name="branches_tenant_name_key"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role__in", ("PLATFORM_ADMIN", "TENANT_OWNER", "TENANT_MANAGER", "TENANT_EMPLOYEE"))
                ),
                name="users_role_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("role", "PLATFORM_ADMIN"), ("tenant__isnull", True)),
                    models.Q(models.Q(("role", "PLATFORM_ADMIN"), _negated=True), ("tenant__isnull", False)),
                    _connector="OR",
                ),
                name="users_platform_has_no_shop",
            ),
        ),
    )
