"""Categories, items, the book of stock."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """As generated from the models."""

    initial = True

    dependencies = (("core", "0001_initial"),)

    operations = (
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "parent",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, to="inventory.category"),
                ),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.tenant")),
            ],
            options={
                "db_table": "inventory_categories",
            },
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("sku", models.TextField()),
                ("name", models.TextField()),
                ("karat", models.IntegerField()),
                ("weight_grams", models.DecimalField(decimal_places=3, max_digits=10)),
                ("cost_price", models.DecimalField(decimal_places=2, max_digits=12)),
                ("selling_price", models.DecimalField(decimal_places=2, max_digits=12)),
                ("quantity", models.IntegerField()),
                ("min_quantity", models.IntegerField(default=0)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("branch", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.branch")),
                ("category", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="inventory.category")),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.tenant")),
            ],
            options={
                "db_table": "inventory_items",
            },
        ),
        migrations.CreateModel(
            name="StockAdjustment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("delta", models.IntegerField()),
                ("sale_item_id", models.UUIDField(null=True)),
                ("reason", models.TextField(blank=True, default="")),
                ("user_id", models.BigIntegerField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("item", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="inventory.item")),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.tenant")),
            ],
            options={
                "db_table": "stock_adjustments",
            },
        ),
        migrations.AddConstraint(
            model_name="category",
            constraint=models.UniqueConstraint(
                fields=("tenant", "name", "parent"), name="inventory_categories_name_key", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.UniqueConstraint(fields=("tenant", "sku"), name="inventory_items_sku_key"),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 0)), name="inventory_items_quantity"
            ),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.CheckConstraint(condition=models.Q(("cost_price__gte", 0)), name="inventory_items_cost"),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.CheckConstraint(
                condition=models.Q(("selling_price__gte", models.F("cost_price"))), name="inventory_items_selling"
            ),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.CheckConstraint(
                condition=models.Q(("karat__gte", 1), ("karat__lte", 24)), name="inventory_items_karat"
            ),
        ),
        migrations.AddConstraint(
            model_name="stockadjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("OPENING", "ADD", "DEDUCT", "SET", "SALE"))),
                name="stock_adjustments_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="stockadjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("delta", 0), _negated=True), ("kind__in", ("OPENING", "SET")), _connector="OR"
                ),
                name="stock_adjustments_delta",
            ),
        ),
    )
