"""What the application's role may not do (防篡改): change or remove what was written down.

Default privileges give the application's role every new table. After each migration the owner takes
back UPDATE, DELETE and TRUNCATE on the audit and on every history table, and keeps the list of history
tables from which the one function for erasure (`records_erase`) may take rows. The triggers that refuse
the same can be passed over by a setting of the session; privileges cannot.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models
from pghistory.models import Event

from hezhi.engines.records.models import AuditCheck, AuditEntry, AuditSeal, HistoryTable

_OWNED = "SELECT count(*) = 1 FROM pg_tables WHERE tablename = %s AND pg_has_role(tableowner, 'USAGE')"
_GRANTED = """
    SELECT DISTINCT grantee FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND table_name = %s AND grantee <> current_user
"""
# One row of context for each verb beside the context in each history row would be the same thing twice.
_NO_SECOND_CONTEXT = """
    CREATE OR REPLACE FUNCTION _pgh_attach_context() RETURNS pghistory_context.id%TYPE
    AS $$ SELECT NULL::uuid $$ LANGUAGE sql IMMUTABLE
"""
_OPEN_ERASURE = """
    DO $$ DECLARE role text; BEGIN
      FOR role IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
                  WHERE table_schema = 'public' AND table_name = 'records_auditentry' AND privilege_type = 'INSERT'
                    AND grantee <> 'PUBLIC' AND to_regprocedure('records_erase(jsonb, jsonb)') IS NOT NULL
      LOOP EXECUTE format('GRANT EXECUTE ON FUNCTION records_erase(jsonb, jsonb) TO %I', role); END LOOP;
    END $$
"""


def history_models() -> Iterator[type[models.Model]]:
    """Every table that keeps versions (历史表)."""
    for model in apps.get_models():
        if issubclass(model, Event) and getattr(model, "pgh_tracked_model", None) and model._meta.managed:
            yield model


def append_only_tables() -> list[str]:
    """Tables to which the application's role may add and in which it may change nothing (只增表)."""
    kept: list[type[models.Model]] = [AuditEntry, AuditSeal, AuditCheck, *history_models()]
    return sorted(model._meta.db_table for model in kept)


def lock_down(**signal: Any) -> None:
    """Take back what default privileges gave away (收回权限); for the signal after a migration, as the owner.

    Run by anybody else, or before our tables are there, it does nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OWNED, [HistoryTable._meta.db_table])
        if not cursor.fetchone()[0]:
            return
        cursor.execute(_NO_SECOND_CONTEXT)
        for table in append_only_tables():
            _take_back(cursor, table, "UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER")
        for table in (HistoryTable._meta.db_table, "pghistory_context"):
            _take_back(cursor, table, "INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER")
        cursor.execute(_OPEN_ERASURE)
    _list_history()


def _take_back(cursor: Any, table: str, rights: str) -> None:
    cursor.execute(_GRANTED, [table])
    for (grantee,) in cursor.fetchall():
        role = "PUBLIC" if grantee == "PUBLIC" else connection.ops.quote_name(grantee)
        cursor.execute(f"REVOKE {rights} ON {connection.ops.quote_name(table)} FROM {role}")


def _list_history() -> None:
    """Which table keeps the versions of which."""
    wanted = {
        model._meta.db_table: model.pgh_tracked_model._meta.db_table  # type: ignore[attr-defined]
        for model in history_models()
    }
    HistoryTable.objects.exclude(pk__in=wanted).delete()
    rows = [HistoryTable(history_table=history, row_table=table) for history, table in wanted.items()]
    HistoryTable.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["history_table"], update_fields=["row_table"]
    )
