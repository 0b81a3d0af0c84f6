"""What the areas above may want to hear of threads. Sent after the commit: `projects.signals.after_commit`.

Losing a private thread is `projects.signals.access_lost` with its `thread_id`.
"""

from django.dispatch import Signal

thread_created = Signal()  # thread_id
thread_changed = Signal()  # thread_id
thread_read = Signal()  # user_id, thread_id, branch_id
branch_created = Signal()  # branch_id
branch_changed = Signal()  # branch_id
choice_changed = Signal()  # thread_id, choice (types.ChoiceView of the room, as it was made), by (a name)
