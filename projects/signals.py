"""What the areas above may want to hear of people and projects.

Sent after the commit (`after_commit`), except the two marked *inside*: those run in the transaction of the change
itself, so that what a receiver writes stands or falls with it. A receiver that fails is logged, never passed
on to whoever made the change.
"""

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

access_lost = Signal()  # user_id, project_id, thread_id (null: the whole project)
project_changed = Signal()  # project_id
members_changed = Signal()  # project_id, user_id
session_moved = Signal()  # user_id, old_key, new_key: the same session under another key
signed_out = Signal()  # user_id, session_key (null: every session of that person)

membership_ended = Signal()  # inside: user_id, project_id
first_project_made = Signal()  # inside: project_id, user_id


def after_commit(signal: Signal, **news: Any) -> None:
    """Send once the surrounding transaction is durable; at once when there is none."""
    transaction.on_commit(partial(signal.send_robust, sender=None, **news))
