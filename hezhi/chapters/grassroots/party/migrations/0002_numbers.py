"""Running numbers of members (编号): a sequence, so that two entries never wait for each other."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("party", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "create sequence if not exists party_member_number; grant usage on sequence party_member_number to public",
            "drop sequence party_member_number",
        )
    ]
