"""The last sale number of each day."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """As generated from the models."""

    dependencies = (
        ("core", "0001_initial"),
        ("sales", "0001_initial"),
    )

    operations = (
        migrations.CreateModel(
            name="SaleCounter",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("last", models.IntegerField()),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.tenant")),
            ],
            options={
                "db_table": "sale_counters",
            },
        ),
    )
