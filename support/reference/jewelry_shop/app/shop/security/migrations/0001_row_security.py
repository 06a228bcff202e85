"""Row security on every table that belongs to a shop, and what the application's roles may do."""

from django.db import migrations

from shop.database.row_security import protect

_TABLES = (
    "branches",
    "users",
    "inventory_categories",
    "inventory_items",
    "stock_adjustments",
    "sales_terminals",
    "sales",
    "sale_items",
    "sale_counters",
    "jobs",
    "job_lines",
)

# For tables that exist and for those of later migrations.
_GRANTS = """
GRANT USAGE ON SCHEMA public TO jewelry_app, jewelry_platform;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO jewelry_app, jewelry_platform;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO jewelry_app, jewelry_platform;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO jewelry_app, jewelry_platform;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO jewelry_app, jewelry_platform;
"""


class Migration(migrations.Migration):
    """Receipts and day totals come with a migration of their own, which protects them itself."""

    dependencies = (
        ("core", "0001_initial"),
        ("inventory", "0001_initial"),
        ("sales", "0002_counters"),
        ("jobs", "0001_initial"),
    )

    operations = (
        *(protect(table) for table in _TABLES),
        protect("tenants", column="id"),
        migrations.RunSQL(_GRANTS, migrations.RunSQL.noop),
    )
