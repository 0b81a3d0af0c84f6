"""The words that turns of this process have said so far, kept in their rows while they run."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction

from messaging.models import Turn, TurnState
from messaging.runs import leases
from messaging.runs.types import Words


def save_partials(words: Sequence[Words], held: Sequence[tuple[UUID, int]]) -> set[UUID]:
    """Keep the words said so far, of all turns of this process in one transaction, and renew the holds. Answers
    which of `held` (turn, attempt) are lost: taken over, or to be stopped."""
    with transaction.atomic():
        _save([w for w in words if w.prompt is None], ("partial", "reasoning"))
        _save([w for w in words if w.prompt is not None], ("partial", "reasoning", "prompt"))
        leases.renew([turn_id for turn_id, _ in held])
    rows = Turn.objects.filter(
        pk__in=[turn_id for turn_id, _ in held], state=TurnState.STREAMING, cancel_requested=False
    ).values_list("id", "attempt")
    still = set(rows)
    return {turn_id for turn_id, attempt in held if (turn_id, attempt) not in still}


def _save(words: Sequence[Words], columns: Sequence[str]) -> None:
    """One prepared statement for all: built by the ORM, fifty rows take the database's thread for a tenth of a second."""
    if not words:
        return
    values: dict[str, Callable[[Words], Any]] = {
        "partial": lambda w: w.text,
        "reasoning": lambda w: w.reasoning,
        "prompt": lambda w: w.prompt,
    }
    changes = ", ".join(f"{name} = %s" for name in columns)
    statement = f"UPDATE {Turn._meta.db_table} SET {changes} WHERE id = %s AND attempt = %s AND state = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [
                (
                    *(_prepared(name, values[name](w)) for name in columns),
                    _prepared("id", w.turn_id),
                    w.attempt,
                    str(TurnState.STREAMING),
                )
                for w in words
            ],
        )


def _prepared(name: str, value: Any) -> Any:
    field = Turn._meta.get_field(name)
    assert isinstance(field, models.Field)  # a column of its own, not a relation's other end
    return field.get_db_prep_save(value, connection)
