"""The role that only reads may read everything, also tables of later migrations."""

from django.db import migrations

_GRANTS = """
GRANT USAGE ON SCHEMA public TO jewelry_readonly;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO jewelry_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO jewelry_readonly;
"""


class Migration(migrations.Migration):
    """Grants only."""

    dependencies = (("security", "0001_row_security"),)

    operations = (migrations.RunSQL(_GRANTS, migrations.RunSQL.noop),)
