"""Jobs with their lines, gold prices."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """As generated from the models."""

    initial = True

    dependencies = (
        ("core", "0001_initial"),
        ("inventory", "0001_initial"),
    )

    operations = (
        migrations.CreateModel(
            name="GoldPrice",
            fields=[
                ("period_start", models.DateTimeField(primary_key=True, serialize=False)),
                ("price", models.DecimalField(decimal_places=2, max_digits=12)),
                ("run_count", models.IntegerField(default=1)),
                ("produced_at", models.DateTimeField()),
            ],
            options={
                "db_table": "gold_prices",
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("kind", models.TextField(default="VALUATION")),
                ("status", models.TextField(default="QUEUED")),
                ("params", models.JSONField(default=dict)),
                ("worker", models.TextField(null=True)),
                ("deliveries", models.IntegerField(default=0)),
                ("total", models.DecimalField(decimal_places=2, max_digits=16, null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.tenant")),
            ],
            options={
                "db_table": "jobs",
            },
        ),
        migrations.CreateModel(
            name="JobLine",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "job_id", "step", "delivery", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("step", models.IntegerField()),
                ("delivery", models.IntegerField(default=0)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=16)),
                ("worker", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("item", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="inventory.item")),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT, related_name="lines", to="jobs.job"
                    ),
                ),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, to="core.tenant")),
            ],
            options={
                "db_table": "job_lines",
            },
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ("QUEUED", "RUNNING", "DONE", "FAILED"))), name="jobs_status_known"
            ),
        ),
    )
