"""No log, no action (不留痕不办理): what is written down cannot be left out, and cannot be unwritten."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

import hezhi
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import make_role
from hezhi.engines.records import audit, protection
from hezhi.engines.records.acting import acting, verb
from hezhi.engines.records.models import Alarm, AuditEntry, Comment
from hezhi.engines.records.vault import KeyRingRefused
from hezhi.ground.errors import NotAllowed
from hezhi.ground.masks import find_personal


@verb("test.rename")
def rename(role: Role, *, by, name: str, reason: str = "") -> Role:
    """A verb as rooms write them."""
    by.must("cases.handle")
    role.name = name
    role.save()
    return role


@pytest.fixture
def role(officer) -> Role:
    return make_role("any_row", name="原名")


@pytest.fixture
def traceless(role) -> Role:
    """The same row in a transaction in which nobody has said who acts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pghistory.context_id', '', true), set_config('pghistory.context_metadata', '', true)"
        )
    return role


# -- the verb and its trace ------------------------------------------------------------------------


def test_a_verb_leaves_one_audit_row_and_a_version_with_the_same_trace(officer, role):
    by = officer.at(channel="officer", address="10.2.3.4", request_id="r-123")
    rename(role, by=by, name="新名", reason="名称有误")
    entry = AuditEntry.objects.latest("id")
    assert (entry.event, entry.actor_id, entry.post_title) == ("test.rename", by.user_id, by.post_title)
    assert (entry.object_type, entry.object_id, entry.result) == ("org.role", role.pk, "ok")
    assert (entry.address, entry.request_id, entry.channel, entry.reason) == (
        "10.2.3.4",
        "r-123",
        "officer",
        "名称有误",
    )
    version = _versions(role).latest("pgh_id")
    assert version.pgh_context_id == entry.deed_id
    assert version.pgh_context == {
        "kind": "staff", "user": str(by.user_id), "name": "林雨桐", "post": by.post_title, "unit": by.unit_name,
        "verb": "test.rename", "reason": "名称有误", "channel": "officer", "request": "r-123",
    }  # fmt: skip
    assert (version.name, version.pgh_label) == ("新名", "update")


def test_the_audit_keeps_no_number_of_a_person_and_the_history_the_whole_words(officer, role):
    """Nobody can take words out of the audit again (P9); those of the history are erased with the matter."""
    told = "来电 13900001111 要求更正，身份证 110101199003074610，卡 6222021234567890128。"
    assert set(find_personal(told)) and len(find_personal(told)) == 3
    rename(role, by=officer, name="新名", reason=told)
    entry = AuditEntry.objects.latest("id")
    assert entry.reason.startswith("来电 139****1111 要求更正，身份证 ") and audit.is_intact(entry)
    for number in ("13900001111", "110101199003074610", "6222021234567890128"):
        assert number not in entry.reason
    assert _versions(role).latest("pgh_id").pgh_context["reason"] == told
    looked = audit.write(officer, "test.look", reason="长" * 494 + "13900001111", purpose="核对 139 0000 1111")
    assert "1390000" not in looked.reason and looked.purpose == "核对 139****1111", "masked before it is cut"


def test_when_the_audit_cannot_be_written_nothing_is(officer, role, monkeypatch):
    before = AuditEntry.objects.count()

    def broken(data: bytes) -> bytes:
        raise KeyRingRefused("密钥文件夹里缺少 audit 的密钥")

    monkeypatch.setattr(audit, "mac", broken)
    with pytest.raises(KeyRingRefused):
        rename(role, by=officer, name="新名")
    role.refresh_from_db()
    assert role.name == "原名" and AuditEntry.objects.count() == before
    assert not _versions(role).filter(name="新名").exists()


def test_when_the_database_refuses_the_audit_row_nothing_is_written(officer, role, monkeypatch):
    monkeypatch.setattr(AuditEntry._meta.get_field("event"), "get_db_prep_save", lambda value, connection: None)
    with pytest.raises(IntegrityError, match="event"), transaction.atomic():
        rename(role, by=officer, name="新名")
    role.refresh_from_db()
    assert role.name == "原名"


def test_a_verb_within_a_verb_writes_its_own_row_and_hands_the_trace_back(officer, role):
    other = make_role("other_row", name="甲")
    with acting(officer, verb="test.outer") as outer:
        rename(role, by=officer, name="乙")
        other.name = "丙"
        other.save()
    inner_row, outer_row = AuditEntry.objects.order_by("-id")[:2][::-1]
    assert (inner_row.event, outer_row.event) == ("test.rename", "test.outer")
    assert _versions(role).latest("pgh_id").pgh_context_id == inner_row.deed_id
    assert _versions(other).latest("pgh_id").pgh_context_id == outer_row.deed_id == outer.id


def test_a_failed_inner_verb_leaves_the_outer_trace_in_force(officer, role):
    with acting(officer, verb="test.outer") as outer:
        with pytest.raises(ZeroDivisionError), acting(officer, verb="test.inner"):
            _ = 1 / 0
        role.name = "改"
        role.save()
    assert _versions(role).latest("pgh_id").pgh_context_id == outer.id


def test_an_attempt_without_the_right_changes_nothing_and_is_written_down(officer, role):
    stranger = replace(officer, permissions=frozenset())
    with pytest.raises(NotAllowed) as refused:
        rename(role, by=stranger, name="新名")
    entry = AuditEntry.objects.latest("id")
    assert (entry.event, entry.result, entry.actor_id) == ("test.rename", "refused", officer.user_id)
    assert entry.detail == {"code": "org.not_allowed", "number": refused.value.number}
    role.refresh_from_db()
    assert role.name == "原名"


def test_a_verb_costs_one_insert_and_two_settings_beside_its_own_work(officer, role, django_assert_num_queries):
    with django_assert_num_queries(5) as seen:  # savepoint, who acts, the update, the audit row, release
        rename(role, by=officer, name="新名")
    told = [query["sql"].split()[0] for query in seen.captured_queries]
    assert told == ["SAVEPOINT", "SELECT", "UPDATE", "INSERT", "RELEASE"]


# -- the database refuses what has no trace --------------------------------------------------------


def test_a_write_outside_a_verb_is_refused_by_the_database(traceless):
    for change in (
        lambda: Role.objects.filter(pk=traceless.pk).update(name="改"),
        lambda: traceless.delete(),
        lambda: Role.objects.create(code="new", name="新", kind="business", reach="own_unit"),
        lambda: Role.objects.bulk_create([Role(code="new", name="新", kind="business", reach="own_unit")]),
    ):
        with pytest.raises(IntegrityError, match="pgh_context"), transaction.atomic():
            change()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE org_role SET name = '改'",
        "DELETE FROM org_role",
        "WITH changed AS (UPDATE org_role SET name = '改' RETURNING id) SELECT count(*) FROM changed",
        "INSERT INTO org_role SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'code',"
        " 'x'))).* FROM org_role r LIMIT 1",
    ],
)
def test_raw_sql_without_a_trace_is_refused_too(traceless, statement: str):
    with pytest.raises(IntegrityError, match="pgh_context"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_trace_ends_with_its_transaction(committing_db):
    with acting(system("test"), verb="test.first"):
        Role.objects.create(code="kept", name="甲", kind="business", reach="own_unit")
    with pytest.raises(IntegrityError, match="pgh_context"), transaction.atomic():
        Role.objects.filter(code="kept").update(name="乙")


def test_every_tracked_table_refuses_a_version_without_a_trace():
    tracked = list(protection.history_models())
    assert len(tracked) > 10
    for model in tracked:
        for name in ("pgh_context", "pgh_context_id"):
            assert not model._meta.get_field(name).null, model


# -- what the application's role may not change ----------------------------------------------------


def test_the_tests_run_as_the_application_s_role(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        name, superuser, bypass = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")
        assert cursor.fetchone()[0] == 0
    assert name == "hezhi_app" and not superuser and not bypass


def test_audit_seals_checks_and_all_history_can_only_be_added_to(role):
    names = protection.append_only_tables()
    assert {"records_auditentry", "records_auditseal", "records_auditcheck"} < set(names) and len(names) > 13
    for table in names:
        for statement in (
            f"UPDATE {table} SET {_a_column(table)} = DEFAULT",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
        ):
            _is_denied(statement)


def test_passing_over_the_triggers_does_not_help(role):
    """A session may switch triggers off by a setting; the privileges stay."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pgtrigger.ignore', array_agg(tgname)::text, true) FROM pg_trigger"
            " WHERE tgname LIKE 'pgtrigger_append_only_%'"
        )
    _is_denied("UPDATE records_auditentry SET event = 'x'")
    _is_denied("DELETE FROM records_trackedroleevent")


def test_nor_does_changing_tables_roles_or_the_list_of_history(role):
    for statement in (
        "ALTER TABLE records_auditentry DISABLE TRIGGER ALL",
        "DROP TABLE records_auditentry",
        "DROP TRIGGER IF EXISTS pgtrigger_append_only_3cd45 ON records_auditentry",
        "CREATE TRIGGER mine BEFORE INSERT ON records_auditentry EXECUTE FUNCTION now()",
        "SET ROLE hezhi_owner",
        "SET session_replication_role = replica",
        "INSERT INTO records_historytable VALUES ('records_auditentry', 'org_role')",
        "CREATE OR REPLACE FUNCTION records_erase(entry jsonb, plan jsonb) RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
    ):
        _is_denied(statement)


def test_what_has_no_trace_of_its_own_is_known_by_name():
    """Tables of this room that the role may change, so that a new one is a decision."""
    from django.apps import apps

    mine = {m._meta.db_table for m in apps.get_app_config("records").get_models() if not m._meta.proxy}
    free = mine - set(protection.append_only_tables()) - {"records_historytable"}
    assert free == {"records_alarm", "records_attachment", "records_comment"} == {
        Alarm._meta.db_table, "records_attachment", Comment._meta.db_table,
    }  # fmt: skip


# -- every verb in the code ------------------------------------------------------------------------

WITHOUT_OWN_TRACE = {
    "mark_read": "its trace is `read_at`, and it concerns nobody else",
    "mark_all_read": "the same",
    "write_form": "a step of the registry's verbs, used by its import as well",
    "must_be_open": "asks a gate before a row is written; writes nothing",
    "tell_unit": "a step of verbs; the message names who told it",
    "write_down": "a step of the verb that ends a call; the file's own step is its trace",
    "seat": "asks the media server for an entry to a call that was answered by a verb; writes nothing",
    "as_one": "each case is merged by a verb of its own",
    "answer_all": "each case is answered by a verb of its own",
    "feed": "what is taken in leaves its trace; a look every five seconds that finds nothing leaves none",
    "compare": "the same, once a night",
    "propose_near": "the same; each proposal is written by a verb of the stream",
    "forget_case": "the stream's own verb forgets, and only where there is something",
    "end_for_veil": "a step of the verb that makes a case secret",
    "part_from": "a step of the verb by which the main case falls away or becomes secret",
    "warn_of": "inside the verb that ran the model; the warning names the finding",
    "recompute": "works out and compares; writes nothing",
}


def test_whatever_a_page_or_an_interface_can_do_is_a_verb_or_acts_by_itself():
    """A function of actions.py that somebody does (`by`) leaves its trace, unless only verbs call it."""
    files = _our_files()
    called = set().union(*(_taken_from_actions(path) for path in files if not _is_inner(path)))
    unmarked = [told for path in files if _is_action(path) for told in _untraced(path, called)]
    assert len(called) > 20, "the search finds what pages call"
    assert not unmarked, "\n".join(unmarked)


def _our_files() -> list[Path]:
    root = Path(hezhi.__file__).parent
    below = {root / "engines" / name for name in ("org", "geo")}  # their verbs stand in `appcentre`
    found = [path for path in root.rglob("*.py") if not {"tests", "migrations"} & set(path.relative_to(root).parts)]
    return sorted(path for path in found if not below & set(path.parents))


def _is_action(path: Path) -> bool:
    return path.name == "actions.py" or path.parent.name == "actions"


def _is_inner(path: Path) -> bool:
    """A part of a room's actions, declarations (whose hooks run inside the engine's verbs), or a file with verbs of
    its own; what an `__init__` gives out is outside."""
    if path.name == "__init__.py":
        return False
    text, declares = path.read_text("utf-8"), path.name == "registries.py" or path.parent.name == "registries"
    return _is_action(path) or declares or "\n@verb(" in text or "with acting(" in text


def _taken_from_actions(path: Path) -> set[str]:
    """The names a file uses of any actions module."""
    tree = ast.parse(path.read_text("utf-8"))
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and "actions" in (node.module or "").split(".")
        for alias in node.names
    }
    return names | {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "actions"
    }


def _untraced(path: Path, called: set[str]) -> list[str]:
    functions = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]
    traced: set[str] = set()
    while more := {f.name for f in functions if _is_traced(f, traced)} - traced:
        traced |= more
    wanted = [f.name for f in functions if _takes_by(f) and f.name in called - traced - set(WITHOUT_OWN_TRACE)]
    return [f"{path}: {name}" for name in wanted]


def _takes_by(function: ast.FunctionDef) -> bool:
    return "by" in {a.arg for a in [*function.args.args, *function.args.kwonlyargs]}


def _is_traced(function: ast.FunctionDef, known: set[str]) -> bool:
    """Decorated with @verb, or opening `acting` or `at_one_stroke`, or writing the audit itself, or doing it through such a one."""
    if any(_name(d) == "verb" for d in function.decorator_list):
        return True
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    audits = any(isinstance(c.func, ast.Attribute) and ast.unparse(c.func.value) == "audit" for c in calls)
    return audits or bool({_name(call) for call in calls} & {"acting", "at_one_stroke", *known})


def _name(node: ast.expr) -> str:
    target = node.func if isinstance(node, ast.Call) else node
    return target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")


def _is_denied(statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner|must be member"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def _a_column(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s LIMIT 1", [table])
        return str(cursor.fetchone()[0])


def _versions(role: Role):
    from hezhi.engines.records.org_history import TrackedRole

    return TrackedRole.versions.rel.related_model.objects.filter(pgh_obj_id=role.pk)
