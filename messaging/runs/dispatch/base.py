"""The promise of a dispatcher: a turn that was committed is run soon, by one live process."""

from typing import Protocol
from uuid import UUID


class Dispatcher(Protocol):
    """Runs turns by calling `runs.engine.run_turn`. Running one twice is safe (attempts fence),
    so a dispatcher may repeat and must never lose."""

    is_local: bool
    """Turns run in the process that creates them, and in no other: it may write them claimed and keep
    what it knows of them, and every open turn it does not run is a dead process's."""

    def dispatch(self, turn_id: UUID) -> None:
        """Run this turn soon. Called after its row was committed, from the loop or any thread;
        returns at once. A turn that runs here already is left alone."""

    def cancel(self, turn_id: UUID) -> None:
        """Stop it within a second, at once if it runs here; its row already says so. Otherwise nothing."""

    def try_now(self, turn_id: UUID) -> None:
        """Let it ask again at once if it waits to retry. Otherwise nothing."""

    async def start(self) -> None:
        """Begin, and take over what a dead process left: turns pending or streaming, runs without
        an open turn. Also repeated now and then, as a safety net."""

    async def stop(self) -> None:
        """Take nothing new; what runs is left to be taken over, its words saved."""
