"""Foreign keys of large registers, proven for a statement as a set (成组外键检查).

The database proves a foreign key row by row: a million people ask a million times whether their one district is there.
The columns that say where a row lies and who wrote it hold few distinct values, so here a trigger proves each value
once per statement, and locks what it points to as the database itself would. Deleting what is pointed to is refused
by a trigger on the other side (`kept_sql`). Both stand in a register's migration; ask for them with `BroadRecord`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pgtrigger

KEYS: Mapping[str, Sequence[str]] = {
    "geo_area": ("district_id", "town_id", "community_id", "grid_id"),
    "org_unit": ("unit_id",),
    "org_user": ("created_by_id", "changed_by_id"),
}
"""Table pointed to → columns of a `BroadRecord`."""

_PROVE = """
    SELECT told.key INTO missing FROM {keys} AS told (key) WHERE told.key IS NOT NULL
      AND NOT EXISTS (SELECT FROM {table} AS there WHERE there.id = told.key FOR KEY SHARE) LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'a row of % points to a row of {table} that is not there', TG_TABLE_NAME
        USING ERRCODE = 'foreign_key_violation';
    END IF;
"""
_GATHER = """
    WITH told AS MATERIALIZED (SELECT DISTINCT {columns} FROM new_rows) SELECT {arrays} INTO {names};
"""
"""The rows are gone through once: together, too, the columns hold few distinct values."""
_KEPT = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE held boolean;
BEGIN
  FOR n IN 0 .. TG_NARGS / 2 - 1 LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I = $1)', TG_ARGV[2 * n], TG_ARGV[2 * n + 1])
      INTO held USING OLD.id;
    IF held THEN
      RAISE EXCEPTION 'a row of % is pointed to by a row of %', TG_TABLE_NAME, TG_ARGV[2 * n]
        USING ERRCODE = 'foreign_key_violation';
    END IF;
  END LOOP;
  RETURN NULL;
END$$;
"""


def proven_in_sets() -> list[pgtrigger.Trigger]:
    """The triggers of a `BroadRecord`: once for all new rows, and for a changed row only when a key has changed."""
    columns = [column for names in KEYS.values() for column in names]
    changed = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in columns)
    declared = [("missing", "text")]
    gathered = [(f"keys_of_{table}", "uuid[]") for table in KEYS]
    rows = pgtrigger.Referencing(new="new_rows")  # type: ignore[no-untyped-call]
    return [
        pgtrigger.Trigger(
            name="keys_of_new", level=pgtrigger.Statement, when=pgtrigger.After, operation=pgtrigger.Insert,
            referencing=rows, declare=declared + gathered, func=_of_new_rows(columns),
        ),
        pgtrigger.Trigger(
            name="keys_of_changed", level=pgtrigger.Row, when=pgtrigger.After, operation=pgtrigger.Update,
            condition=pgtrigger.Condition(changed), declare=declared, func=_of_one_row(),
        ),
    ]  # fmt: skip


def kept_sql(app: str, children: Sequence[str]) -> tuple[str, str]:
    """SQL, and SQL to take it back: what these tables point to by `KEYS` stays (被引用的不得删除), seen at commit."""
    name = f"{app}_key_is_held"
    made, gone = [_KEPT.format(name=name)], []
    for table, columns in KEYS.items():
        told = ", ".join(f"'{child}', '{column}'" for child in children for column in columns)
        made.append(
            f"CREATE CONSTRAINT TRIGGER {app}_kept AFTER DELETE OR UPDATE OF id ON {table} DEFERRABLE INITIALLY DEFERRED"
            f" FOR EACH ROW EXECUTE FUNCTION {name}({told});"
        )
        gone.append(f"DROP TRIGGER {app}_kept ON {table};")
    return "\n".join(made), "\n".join([*gone, f"DROP FUNCTION {name}();"])


def _of_new_rows(columns: Sequence[str]) -> str:
    arrays = [f"ARRAY({_each('SELECT {} FROM told', names)})" for names in KEYS.values()]
    into = ", ".join(f"keys_of_{table}" for table in KEYS)
    gather = _GATHER.format(columns=", ".join(f'"{name}"' for name in columns), arrays=", ".join(arrays), names=into)
    return gather + _proofs({table: f"unnest(keys_of_{table})" for table in KEYS})


def _of_one_row() -> str:
    return _proofs({table: f"({_each('SELECT NEW.{}', names)})" for table, names in KEYS.items()})


def _each(source: str, names: Sequence[str]) -> str:
    return " UNION ".join(source.format(f'"{name}"') for name in names)


def _proofs(keys: Mapping[str, str]) -> str:
    return "".join(_PROVE.format(table=table, keys=told) for table, told in keys.items()) + "RETURN NULL;"
