"""How providers are doing, as each process finds out by its own questions, told to the others.

Turns are asked in workers and pickers are shown by servers, so a state that only the one that met it knew would be
seen by nobody. The latest word of any process counts. What keeps a process from asking (`health.Breaker`) stays its own.
"""

from collections.abc import Iterable
from uuid import UUID

from messaging.providers.health import OK, State
from messaging.providers.serving import Serving
from messaging.providers.signals import provider_stood


class States:
    """What was told last of each provider."""

    def __init__(self) -> None:
        self._told: dict[str, State] = {}

    def tell(self, servings: Iterable[Serving]) -> list[tuple[UUID, State]]:
        """Send what changed in this process since; answers the accounts among it."""
        accounts = []
        for serving in servings:
            state = serving.health.state
            if state == self._told.get(serving.slug, OK):
                continue
            self._told[serving.slug] = state
            provider_stood.send_robust(sender=None, slug=serving.slug, state=state, for_s=serving.health.limited_s())
            if serving.account_id is not None:
                accounts.append((serving.account_id, state))
        return accounts

    def hear(self, serving: Serving, state: State, for_s: float) -> None:
        """Another process told."""
        self._told[serving.slug] = state
        serving.health.hear(state, for_s)
