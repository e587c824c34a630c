"""The tests' own ground: who they are in the database, and what they may not do there (测试数据库)."""

import psycopg
import pytest
from django.db import connection, transaction


def ask(statement: str):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


def test_tests_connect_as_the_application_and_not_as_the_owner(db):
    role, superuser = ask("SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user")
    assert (role, superuser) == ("hezhi_app", False)


def test_each_process_has_a_database_of_its_own(db, database_name):
    assert ask("SELECT current_database()")[0] == database_name


def test_the_application_may_not_make_a_table(db):
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        ask("CREATE TABLE mine (id int)")


def test_chinese_is_found_by_trigrams(db):
    """In a C locale pg_trgm finds no Chinese, silently."""
    assert ask("SELECT array_length(show_trgm('网格员'), 1)")[0] > 0


def test_what_one_test_commits_no_other_test_meets(committing_db, database_server):
    name = ask("SELECT current_database()")[0]
    assert name.endswith("_own")
    connection.commit()
    url = database_server[1].rsplit("/", 1)[0] + "/" + name
    with psycopg.connect(url) as other:
        assert other.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.xdist_group("together")
def test_the_tests_of_one_group_stay_on_one_worker(request):
    """xdist reads the group at the end of the name; without it each worker would make what a group shares for itself."""
    several = getattr(request.config.option, "loadgroup", False)
    assert request.node.nodeid.endswith("@together") == several
