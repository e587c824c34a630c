"""The marks of cases that moved come to the room that owns the cases, and beside them the pairs by which a case is found."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

MARKS = """
create function handling_mark_moved() returns trigger language plpgsql as $$
begin
  insert into handling_moved (case_id) select id from new_rows;
  return null;
end $$;
create trigger handling_case_new after insert on handling_case
  referencing new table as new_rows for each statement execute function handling_mark_moved();
create trigger handling_case_moved after update on handling_case
  referencing new table as new_rows for each statement execute function handling_mark_moved();
"""
NO_MARKS = """
drop trigger handling_case_new on handling_case;
drop trigger handling_case_moved on handling_case;
drop function handling_mark_moved();
"""
# A pair of signs and a season in one number; `rules.pair_of` says the same. Digits in a row of five and more are no
# words: a search is no way round a mask. Seasons of two months are counted from the year 0.
KEYS = """
create function handling_season(at timestamptz) returns int language sql immutable parallel safe as $$
  select (extract(year from at at time zone 'Asia/Shanghai')::int * 12
    + extract(month from at at time zone 'Asia/Shanghai')::int - 1) / 2;
$$;
create function handling_plain(title text, words text, place text) returns text language sql immutable parallel safe as $$
  select regexp_replace(lower(title || chr(10) || words || chr(10) || place), '[0-9０-９]([ -]?[0-9０-９]){4,}', ' ', 'g');
$$;
create function handling_keys(number text, title text, words text, place text, season int) returns int[]
language sql immutable parallel safe as $$
  select coalesce(array_agg(distinct ((pair * 4096 + season % 4096) % 2147483647)::int), '{}') from (
    select case when sign ~ '\\s' or lead(sign) over (order by n) ~ '\\s' then null
           else ascii(sign)::bigint * 40503 + ascii(lead(sign) over (order by n)) end as pair
    from string_to_table(number || chr(10) || handling_plain(title, words, place), null) with ordinality as t(sign, n)
  ) as pairs where pair is not null;
$$;
create function handling_seek(pairs bigint[], most int) returns table (found uuid, season int)
language plpgsql stable set enable_seqscan = off as $$
declare
  newest int; oldest int; so_far int := 0; here int;
begin
  select handling_season(max(received_at)), handling_season(min(received_at)) into newest, oldest from handling_case;
  for season in select generate_series(newest, oldest, -1) loop
    return query select w.case_id, season from handling_casewords w
      where w.keys @> (select array_agg(((pair * 4096 + season % 4096) % 2147483647)::int) from unnest(pairs) as pair)
      limit most - so_far;
    get diagnostics here = row_count;
    so_far := so_far + here;
    exit when so_far >= most;
  end loop;
end $$;
"""
NO_KEYS = """
drop function handling_seek(bigint[], int);
drop function handling_keys(text, text, text, text, int);
drop function handling_plain(text, text, text);
drop function handling_season(timestamptz);
"""
FILL = """
insert into handling_casewords (case_id, keys)
  select id, handling_keys(lower(number), title, text, place, handling_season(received_at)) from handling_case where not secret;
"""


class Migration(migrations.Migration):
    dependencies = [("handling", "0008_rows_of_the_table")]

    operations = [
        migrations.CreateModel(
            name="Moved",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("case_id", models.UUIDField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"verbose_name": "待更新标记"},
        ),
        migrations.RunSQL(MARKS, NO_MARKS),
        migrations.CreateModel(
            name="CaseWords",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="handling.case",
                        verbose_name="事件",
                    ),
                ),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), size=None, verbose_name="词对"
                    ),
                ),
            ],
            options={"verbose_name": "检索词对"},
        ),
        migrations.RunSQL(KEYS, NO_KEYS),
        migrations.RunSQL(FILL, "delete from handling_casewords;"),
        migrations.AddIndex(
            model_name="casewords",
            index=django.contrib.postgres.indexes.GinIndex(fields=["keys"], fastupdate=False, name="case_words"),
        ),
    ]
