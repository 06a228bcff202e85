"""Row security for migrations: one policy per table, forced, so that not even the owner is exempt."""

from django.db import migrations

_MARKER = "nullif(current_setting('app.current_tenant', true), '')::uuid"


def protect(table: str, column: str = "tenant_id") -> migrations.RunSQL:
    """Only rows of the marked shop can be seen or written; without a marker none, and no error."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY shop ON {table} USING ({column} = {_MARKER}) WITH CHECK ({column} = {_MARKER});
        """,
        f"""
        DROP POLICY shop ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )
