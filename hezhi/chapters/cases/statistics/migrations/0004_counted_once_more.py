"""Kept sums have another form (analysis 0004), so all cases are written down as changes once more."""

from importlib import import_module

from django.db import migrations

counting = import_module("hezhi.chapters.cases.statistics.migrations.0003_counting")

FORWARD = (
    "delete from analysis_cubechange where cube = 'cases'; delete from analysis_cubecell where rollup like 'cases:%';"  # noqa: S608 - no value of anybody
    " delete from analysis_cubepartition where cube = 'cases';" + counting.noted(counting.facts("handling_case", 1))
)


class Migration(migrations.Migration):
    dependencies = [("statistics", "0003_counting"), ("analysis", "0004_running_sums")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
