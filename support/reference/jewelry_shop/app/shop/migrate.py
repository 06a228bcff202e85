"""Makes the database ready: roles, database, tables, the platform administrator. May be run again at any time.

`python -m shop.migrate`; environment: POSTGRES_SUPERUSER_PASSWORD, POSTGRES_OWNER_PASSWORD, POSTGRES_PASSWORD,
POSTGRES_PLATFORM_PASSWORD, POSTGRES_READONLY_PASSWORD, POSTGRES_PROBE_PASSWORD and MIGRATE_TARGET (`app:name`).
"""

import logging
import os
import sys
import time
from typing import Any

import psycopg
from psycopg import sql

_LEADER_LIMIT_S = 90
_LOOK_EVERY_S = 1
_LOCK = 7_305_001  # any number: all Jobs of this system must use the same
_OWNER = "jewelry_owner"


def main() -> None:
    """Everything, in order, under a lock that a second run waits for."""
    # The tables must belong to the owner; the settings are read when the configuration is imported.
    app_user, app_password = os.environ["POSTGRES_USER"], os.environ["POSTGRES_PASSWORD"]
    os.environ["POSTGRES_USER"], os.environ["POSTGRES_PASSWORD"] = _OWNER, os.environ["POSTGRES_OWNER_PASSWORD"]
    from shop.config import config
    from shop.logs import configure_logging, log_event, log_start

    configure_logging()
    log_start()
    platform = config.postgres_platform_user
    roles = {
        _OWNER: ("", os.environ["POSTGRES_OWNER_PASSWORD"]),
        app_user: ("", app_password),
        platform: ("BYPASSRLS", config.postgres_platform_password),
        "jewelry_readonly": ("BYPASSRLS", os.environ["POSTGRES_READONLY_PASSWORD"]),
        "holdfast_probe": ("", os.environ["POSTGRES_PROBE_PASSWORD"]),
    }
    with _leader("postgres") as server:
        server.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        log_event("migrate", "leader found, lock taken")
        _make_roles(server, roles)
        _make_database(server, config.postgres_db)
        with _leader(config.postgres_db) as database:
            _prepare_database(database)
        _run_migrations(os.environ.get("MIGRATE_TARGET", ""))
        with _leader(config.postgres_db) as database:
            _make_administrator(database, config.platform_admin_password)
    log_event("migrate", "the database is complete")


def _leader(database: str) -> psycopg.Connection[Any]:
    """A superuser's connection to a member that accepts writes."""
    from shop.config import config
    from shop.logs import log_event

    end = time.monotonic() + _LEADER_LIMIT_S
    while True:
        try:
            made = psycopg.connect(
                host=config.postgres_host,
                port=config.postgres_port,
                dbname=database,
                user="postgres",
                password=os.environ["POSTGRES_SUPERUSER_PASSWORD"],
                connect_timeout=2,
                autocommit=True,
            )
            if not made.execute("SELECT pg_is_in_recovery()").fetchone()[0]:
                return made
            made.close()
            problem = "only a follower answers"
        except psycopg.OperationalError as error:
            problem = str(error).strip().splitlines()[0]
        if time.monotonic() > end:
            sys.exit(f"no leader that accepts writes within {_LEADER_LIMIT_S} s: {problem}")
        log_event("migrate", f"waiting for a leader: {problem}", logging.DEBUG)
        time.sleep(_LOOK_EVERY_S)


def _make_roles(server: psycopg.Connection[Any], roles: dict[str, tuple[str, str]]) -> None:
    known = {row[0] for row in server.execute("SELECT rolname FROM pg_roles").fetchall()}
    # The statements contain passwords: the server's log must not.
    server.execute("SET log_statement = 'none'")
    server.execute("SET log_min_error_statement = 'panic'")
    for name, (attributes, password) in roles.items():
        verb = "ALTER" if name in known else "CREATE"
        server.execute(
            sql.SQL("{} ROLE {} LOGIN {} PASSWORD {}").format(
                sql.SQL(verb), sql.Identifier(name), sql.SQL(attributes), sql.Literal(password)
            )
        )
    server.execute("GRANT pg_monitor TO jewelry_readonly")


def _make_database(server: psycopg.Connection[Any], name: str) -> None:
    if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return
    server.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
            sql.Identifier(name), sql.Identifier(_OWNER)
        )
    )


def _prepare_database(database: psycopg.Connection[Any]) -> None:
    database.execute(
        """
        ALTER SCHEMA public OWNER TO jewelry_owner;
        CREATE EXTENSION IF NOT EXISTS amcheck;
        GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO jewelry_readonly;
        GRANT EXECUTE ON FUNCTION verify_heapam(regclass, boolean, boolean, text, bigint, bigint) TO jewelry_readonly;
        CREATE SCHEMA IF NOT EXISTS probe;
        ALTER SCHEMA probe OWNER TO holdfast_probe;
        -- No unique key: a doubled write must be visible. Member and timeline are those that store the row.
        CREATE TABLE IF NOT EXISTS probe.ledger (
            ledger_id text NOT NULL,
            client text NOT NULL,
            seq bigint NOT NULL,
            payload text NOT NULL,
            checksum text NOT NULL,
            member text NOT NULL DEFAULT current_setting('shop.member', true),
            timeline text NOT NULL DEFAULT left(pg_walfile_name(pg_current_wal_lsn()), 8),
            at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        ALTER TABLE probe.ledger OWNER TO holdfast_probe;
        GRANT USAGE ON SCHEMA probe TO jewelry_readonly;
        GRANT SELECT ON probe.ledger TO jewelry_readonly;
        """
    )


def _run_migrations(target: str) -> None:
    import django
    from django.apps import apps
    from django.core.management import call_command

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    django.setup()
    from shop.settings import DATABASES

    # Long statements are allowed here, and a pool is of no use.
    DATABASES["default"]["OPTIONS"].pop("options", None)
    DATABASES["default"]["OPTIONS"].pop("pool", None)
    if not target:
        call_command("migrate", verbosity=0, interactive=False)
        return
    held_back, _, name = target.partition(":")
    call_command("migrate", held_back, name, verbosity=0, interactive=False)
    for app in apps.get_app_configs():
        if app.name.startswith("shop.") and app.label != held_back:
            call_command("migrate", app.label, verbosity=0, interactive=False)


def _make_administrator(database: psycopg.Connection[Any], password: str) -> None:
    from django.contrib.auth.hashers import check_password, make_password

    found = database.execute("SELECT password FROM users WHERE username = 'platform'").fetchone()
    if found and check_password(password, found[0]):
        return
    database.execute(
        "INSERT INTO users (username, password, email, role, language, theme, created_at)"
        " VALUES ('platform', %s, '', 'PLATFORM_ADMIN', 'en', 'light', now())"
        " ON CONFLICT (username) DO UPDATE SET password = excluded.password",
        [make_password(password)],
    )


if __name__ == "__main__":
    main()
