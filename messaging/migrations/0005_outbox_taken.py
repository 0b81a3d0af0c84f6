from django.db import migrations, models


class Migration(migrations.Migration):
    """A column that may be null: no row is written again."""

    dependencies = [
        ("messaging", "0004_moves_compared"),
    ]

    operations = [
        migrations.AddField(
            model_name="outbox",
            name="taken_until",
            field=models.DateTimeField(null=True),
        ),
    ]
