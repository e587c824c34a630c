"""The closed cases, newest first: read without passing the open ones, which are all newer (decision 0120)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("handling", "0012_answered_by"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state", "closed")), fields=["-received_at", "-id"], name="case_closed_newest"
            ),
        ),
    ]
