"""Foreign keys of large registers, proven for a statement as a set (成组外键检查).

The database proves a foreign key row by row: a million people ask a million times whether their one district is there.
The columns that say where a row lies and who wrote it hold few distinct values, so here a trigger proves each value
once per statement, and locks what it points to as the database itself would. Deleting what is pointed to is refused
by a trigger on the other side (`kept_sql`). Both stand in a register's migration; ask for them with `BroadRecord`.
So do columns whose values come several times in a statement (`beside`), as the homes of a street's people.
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
_DISTINCT, _TOLD = "SELECT DISTINCT {} FROM new_rows", "SELECT {} FROM told"
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


def proven_in_sets(
    keys: Mapping[str, Sequence[str]] = KEYS, *, beside: Mapping[str, Sequence[str]] | None = None
) -> list[pgtrigger.Trigger]:
    """Triggers that prove keys once for all new rows, and for a changed row only when a key has changed.

    `keys` hold few distinct values, so all are gathered in one pass; those `beside` are gathered each for itself: many
    values, each of them in several rows, as people share homes.
    """
    many = beside or {}
    columns = [column for told in (keys, many) for names in told.values() for column in names]
    changed = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in columns)
    declared = [("missing", "text")]
    gathered = [(f"keys_of_{table}", "uuid[]") for table in keys]
    rows = pgtrigger.Referencing(new="new_rows")  # type: ignore[no-untyped-call]
    return [
        pgtrigger.Trigger(
            name="keys_of_new", level=pgtrigger.Statement, when=pgtrigger.After, operation=pgtrigger.Insert,
            referencing=rows, declare=declared + gathered, func=_of_new_rows(keys, many),
        ),
        pgtrigger.Trigger(
            name="keys_of_changed", level=pgtrigger.Row, when=pgtrigger.After, operation=pgtrigger.Update,
            condition=pgtrigger.Condition(changed), declare=declared, func=_of_one_row({**keys, **many}),
        ),
    ]  # fmt: skip


def kept_sql(app: str, children: Sequence[str]) -> tuple[str, str]:
    """SQL, and SQL to take it back: what these tables point to by `KEYS` stays (被引用的不得删除), seen at commit."""
    pairs = {t: [(child, c) for child in children for c in columns] for t, columns in KEYS.items()}
    name = _held(app)
    made, gone = held_sql(app, pairs)
    return f"{_KEPT.format(name=name)}\n{made}", f"{gone}\nDROP FUNCTION {name}();"


def held_sql(app: str, pairs: Mapping[str, Sequence[tuple[str, str]]]) -> tuple[str, str]:
    """As `kept_sql`, for further tables pointed to, each with the tables and columns that point to it."""
    made, gone = [], []
    for table, pointing in pairs.items():
        told = ", ".join(f"'{child}', '{column}'" for child, column in pointing)
        made.append(
            f"CREATE CONSTRAINT TRIGGER {app}_kept AFTER DELETE OR UPDATE OF id ON {table} DEFERRABLE INITIALLY DEFERRED"
            f" FOR EACH ROW EXECUTE FUNCTION {_held(app)}({told});"
        )
        gone.append(f"DROP TRIGGER {app}_kept ON {table};")
    return "\n".join(made), "\n".join(gone)


def _held(app: str) -> str:
    return f"{app}_key_is_held"


def _of_new_rows(few: Mapping[str, Sequence[str]], many: Mapping[str, Sequence[str]]) -> str:
    proofs = _proofs(
        {table: f"unnest(keys_of_{table})" for table in few}
        | {table: f"({_each(_DISTINCT, names)})" for table, names in many.items()}
    )
    if not few:
        return proofs
    columns = ", ".join(f'"{name}"' for names in few.values() for name in names)
    arrays = ", ".join(f"ARRAY({_each(_TOLD, names)})" for names in few.values())
    return _GATHER.format(columns=columns, arrays=arrays, names=", ".join(f"keys_of_{t}" for t in few)) + proofs


def _of_one_row(keys: Mapping[str, Sequence[str]]) -> str:
    return _proofs({table: f"({_each('SELECT NEW.{}', names)})" for table, names in keys.items()})


def _each(source: str, names: Sequence[str]) -> str:
    return " UNION ".join(source.format(f'"{name}"') for name in names)


def _proofs(keys: Mapping[str, str]) -> str:
    return "".join(_PROVE.format(table=table, keys=told) for table, told in keys.items()) + "RETURN NULL;"
