from django.db import migrations, models

from chatplatform.kernel.migrations import AddIndexQuietly, RemoveIndexQuietly


class Migration(migrations.Migration):
    """One index for each of the two lists in place of one for both, without holding up who writes."""

    atomic = False

    dependencies = [
        ("threads", "0001_initial"),
    ]

    operations = [
        AddIndexQuietly(
            model_name="thread",
            index=models.Index(
                condition=models.Q(("archived_at__isnull", True)),
                fields=["project", "-active_at", "-id"],
                name="thread_list_open",
            ),
        ),
        AddIndexQuietly(
            model_name="thread",
            index=models.Index(
                condition=models.Q(("archived_at__isnull", False)),
                fields=["project", "-active_at", "-id"],
                name="thread_list_archived",
            ),
        ),
        RemoveIndexQuietly(
            model_name="thread",
            name="thread_list",
        ),
    ]
