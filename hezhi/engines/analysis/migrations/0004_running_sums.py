"""Kept sums become running sums of a month: any days of it are one difference of two numbers (decision 0073)."""

import django.contrib.postgres.fields
from django.db import migrations, models

MEASURES = {"n": "件数", "ended": "办结", "happy": "满意", "rated": "有评价"}
ARRAYS = ", ".join(f"alter column {name} set statistics 0" for name in MEASURES)

# What was kept goes; the chapter that declares a cube lets it be counted once more (its own migration).
EMPTY = "delete from analysis_cubecell; delete from analysis_cubepartition; delete from analysis_cubechange;"

FUNCTIONS = """
create function analysis_cube_running(days int[], added int[]) returns int[]
  language plpgsql immutable strict parallel safe as $$
declare told int[] := array_fill(0, array[31]);
begin
  for place in 1..cardinality(days) loop told[days[place]] := told[days[place]] + added[place]; end loop;
  for day in 2..31 loop told[day] := told[day] + told[day - 1]; end loop;
  return told;
end $$;
create function analysis_cube_added(one int[], other int[]) returns int[]
  language plpgsql immutable strict parallel safe as $$
begin
  for day in 1..31 loop one[day] := one[day] + other[day]; end loop;
  return one;
end $$;
"""
# Room in each page, so that a sum is renewed where it lies; nothing is asked by the numbers, so none are counted.
ROOM = f"alter table analysis_cubecell set (fillfactor = 80), {ARRAYS};"


class Migration(migrations.Migration):
    dependencies = [("analysis", "0003_counting")]

    operations = [
        migrations.RunSQL(EMPTY, migrations.RunSQL.noop),
        *(migrations.RemoveField("cubecell", name) for name in MEASURES),
        *(
            migrations.AddField(
                "cubecell",
                name,
                django.contrib.postgres.fields.ArrayField(
                    base_field=models.IntegerField(), default=list, size=None, verbose_name=label
                ),
                preserve_default=False,
            )
            for name, label in MEASURES.items()
        ),
        migrations.RunSQL(
            FUNCTIONS + ROOM,
            "drop function analysis_cube_running(int[], int[]); drop function analysis_cube_added(int[], int[]);",
        ),
    ]
