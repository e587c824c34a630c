"""The cases that wait for their return visit, oldest first: looked at each second, so they have an index of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("handling", "0010_fewer_indexes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state", "to_call_back")), fields=["state_since", "id"], name="case_to_call_back"
            ),
        ),
    ]
