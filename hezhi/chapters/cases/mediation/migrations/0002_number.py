"""The running number of disputes (纠纷编号): a sequence, so that two registrations never wait for each other."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("mediation", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "create sequence if not exists mediation_number; grant usage on sequence mediation_number to public",
            "drop sequence mediation_number",
        )
    ]
