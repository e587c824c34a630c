"""The running number of supervised matters (督办编号): a sequence, so that two openings never wait for each other."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("supervision", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "create sequence if not exists supervision_number; grant usage on sequence supervision_number to public",
            "drop sequence supervision_number",
        )
    ]
