"""Tills and sales with their lines."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """As generated from the models."""

    initial = True

    dependencies = (
        ("core", "0001_initial"),
        ("inventory", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )

    operations = (
        migrations.CreateModel(
            name="Terminal",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("terminal_id", models.TextField()),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("branch", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.branch")),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.tenant")),
            ],
            options={
                "db_table": "sales_terminals",
            },
        ),
        migrations.CreateModel(
            name="Sale",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("sale_number", models.TextField()),
                ("subtotal", models.DecimalField(decimal_places=2, max_digits=14)),
                ("discount_amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("tax", models.DecimalField(decimal_places=2, max_digits=14)),
                ("total", models.DecimalField(decimal_places=2, max_digits=14)),
                ("payment_method", models.TextField()),
                ("status", models.TextField(default="COMPLETED")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("branch", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.branch")),
                (
                    "employee",
                    models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to=settings.AUTH_USER_MODEL),
                ),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.tenant")),
                ("terminal", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="sales.terminal")),
            ],
            options={
                "db_table": "sales",
            },
        ),
        migrations.CreateModel(
            name="SaleItem",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("quantity", models.IntegerField()),
                ("unit_price", models.DecimalField(decimal_places=2, max_digits=12)),
                ("discount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("subtotal", models.DecimalField(decimal_places=2, max_digits=14)),
                ("notes", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "inventory_item",
                    models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="inventory.item"),
                ),
                (
                    "sale",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT, related_name="lines", to="sales.sale"
                    ),
                ),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.tenant")),
            ],
            options={
                "db_table": "sale_items",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="sale_items_quantity"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "subtotal",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("quantity"), "*", models.F("unit_price")
                                    ),
                                    "-",
                                    models.F("discount"),
                                ),
                            )
                        ),
                        name="sale_items_subtotal",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="terminal",
            constraint=models.UniqueConstraint(fields=("branch", "terminal_id"), name="sales_terminals_code_key"),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=models.UniqueConstraint(fields=("tenant", "sale_number"), name="sales_number_key"),
        ),
        migrations.AddConstraint(
            model_name="sale",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("subtotal"), "-", models.F("discount_amount")
                            ),
                            "+",
                            models.F("tax"),
                        ),
                    )
                ),
                name="sales_total",
            ),
        ),
    )
