"""Running numbers of the registers (编号): sequences, so that two entries never wait for each other."""

from django.db import migrations

NAMES = ("compound", "building", "resident", "household", "place", "member")


class Migration(migrations.Migration):
    dependencies = [("registers", "0001_initial")]
    operations = [
        migrations.RunSQL(
            f"create sequence if not exists registers_{name}_number; "
            f"grant usage on sequence registers_{name}_number to public",
            f"drop sequence registers_{name}_number",
        )
        for name in NAMES
    ]
