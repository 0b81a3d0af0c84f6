import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """A new, empty table: nobody waits."""

    dependencies = [
        ("messaging", "0005_outbox_taken"),
    ]

    operations = [
        migrations.CreateModel(
            name="PurgedBranch",
            fields=[
                ("branch_id", models.UUIDField(primary_key=True, serialize=False)),
                ("purged_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]
