"""A step says in whose name the reporter was answered: whoever finished last may have been a helper."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("handling", "0011_cases_to_call_back"),
    ]

    operations = [
        migrations.AddField(
            model_name="step",
            name="answered_by",
            field=models.CharField(
                blank=True, db_default="", help_text="答复以哪个单位的名义作出；办完最后一步的可能是协办单位", max_length=80,
                verbose_name="答复单位",
            ),
        ),
    ]  # fmt: skip
