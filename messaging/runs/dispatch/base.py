"""The promise of a dispatcher: a turn that was committed is run soon, by one live process."""

from typing import Protocol
from uuid import UUID


class Dispatcher(Protocol):
    """Runs turns by calling `runs.engine.run_turn`. Running one twice is safe (attempts fence),
    so a dispatcher may repeat and must never lose."""

    def dispatch(self, turn_id: UUID) -> None:
        """Run this turn soon. Called after its row was committed, from the loop or any thread;
        returns at once. A turn that runs here already is left alone."""

    def cancel(self, turn_id: UUID) -> None:
        """Stop it at once if it runs here; its row already says so. Otherwise nothing."""

    async def start(self) -> None:
        """Begin, and take over what a dead process left: turns pending or streaming, runs without
        an open turn. Also repeated now and then, as a safety net."""

    async def stop(self) -> None:
        """Take nothing new; what runs is left to be taken over, its words saved."""
