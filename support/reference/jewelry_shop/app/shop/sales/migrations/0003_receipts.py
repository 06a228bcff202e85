"""Receipts and day totals, with their row security."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from shop.database.row_security import protect


class Migration(migrations.Migration):
    """As generated from the models."""

    dependencies = (
        ("core", "0001_initial"),
        ("sales", "0002_counters"),
    )

    operations = (
        migrations.CreateModel(
            name="DayTotal",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("sales", models.IntegerField()),
                ("total", models.DecimalField(decimal_places=2, max_digits=16)),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.tenant")),
            ],
            options={
                "db_table": "day_totals",
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("number", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("sale", models.OneToOneField(on_delete=django.db.models.deletion.RESTRICT, to="sales.sale")),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.tenant")),
            ],
            options={
                "db_table": "receipts",
            },
        ),
        protect("receipts"),
        protect("day_totals"),
    )
