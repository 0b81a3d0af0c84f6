"""The promise of a dispatcher: a turn that was committed is run soon, by one live process."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID


class Dispatcher(Protocol):
    """Runs turns by calling `runs.engine.run_turn`, here or in another process. Running one twice is safe
    (holds refuse, attempts fence), so a dispatcher may repeat and must never lose."""

    @property
    def runs_own(self) -> bool:
        """The turns that this process creates it also runs: it may write them claimed and keep what it knows of them."""

    def enqueue(self, turn_ids: Sequence[UUID]) -> None:
        """Note, in the transaction that creates them unclaimed, that these turns wait: from the commit on somebody
        looks for them, whatever becomes of this process. Nothing is noted when the transaction is rolled back."""

    def dispatch(self, turn_id: UUID) -> None:
        """Run this turn soon. Called after its row was committed, from the loop or any thread;
        returns at once. A turn that runs already is left alone."""

    def cancel(self, turn_id: UUID) -> None:
        """Stop it within a second, at once if its process hears of it; its row already says so. Otherwise nothing."""

    def try_now(self, turn_id: UUID) -> None:
        """Let it ask again at once if it waits to retry. Otherwise nothing."""

    async def start(self) -> None:
        """Begin. Where turns run here, take over what a dead process left: turns pending or streaming, runs
        without an open turn. That is repeated now and then, as a safety net."""

    async def stop(self) -> None:
        """Take nothing new; what runs is left to be taken over, its words saved and its hold let go."""
