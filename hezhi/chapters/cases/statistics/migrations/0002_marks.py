"""A case that moved leaves a mark, once after each statement, in the mover's own transaction (decision 0050)."""

from django.db import migrations

FORWARD = """
create function statistics_mark_cases() returns trigger language plpgsql as $$
begin
  insert into statistics_mark (case_id) select id from new_rows;
  return null;
end $$;
create trigger statistics_case_new after insert on handling_case
  referencing new table as new_rows for each statement execute function statistics_mark_cases();
create trigger statistics_case_moved after update on handling_case
  referencing new table as new_rows for each statement execute function statistics_mark_cases();
insert into statistics_mark (case_id) select id from handling_case;
"""
BACKWARD = """
drop trigger statistics_case_new on handling_case;
drop trigger statistics_case_moved on handling_case;
drop function statistics_mark_cases();
"""


class Migration(migrations.Migration):
    dependencies = [("statistics", "0001_initial"), ("handling", "0005_routing_by_line")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
