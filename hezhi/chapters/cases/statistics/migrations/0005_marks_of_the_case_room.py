"""The marks of cases that moved belong to the room of the cases: what still waits there goes over, and the old table ends."""

from django.db import migrations

FORWARD = """
insert into handling_moved (case_id, at) select case_id, at from statistics_mark order by id;
drop trigger statistics_case_new on handling_case;
drop trigger statistics_case_moved on handling_case;
drop function statistics_mark_cases();
"""


class Migration(migrations.Migration):
    dependencies = [("statistics", "0004_counted_once_more"), ("handling", "0009_words")]
    operations = [migrations.RunSQL(FORWARD), migrations.DeleteModel(name="Mark")]
