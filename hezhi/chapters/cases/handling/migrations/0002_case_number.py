"""The running number of cases (事件编号): a sequence, so that two intakes never wait for each other."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("handling", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "create sequence if not exists handling_case_number; "
            "grant usage on sequence handling_case_number to public",
            "drop sequence handling_case_number",
        )
    ]
