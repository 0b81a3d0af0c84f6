"""The values that plans look at and answer with. Pure: nothing here or in the plans touches a row.

A plan is asked after every change of a run: given what was asked for and the turns so far, which
turns come next, and is the run over, and why, in one sentence for people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

StopReason = Literal["", "finished", "stopped", "limit", "unreachable"]
EndState = Literal["", "done", "cancelled", "failed"]

SETTLED = frozenset({"done", "cancelled", "failed", "interrupted"})
_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What was asked for. `stopped_by` is the name of the person who stopped the run, or empty."""

    models: tuple[str, ...]  # names, in the order of the lanes or of speaking
    asked_by: str
    rounds: int = 1
    limit_turns: int = 0  # 0: as many as the rounds need
    stopped_by: str = ""


@dataclass(frozen=True, slots=True)
class TurnFacts:
    key: str
    state: str
    speaker: int  # index into RunFacts.models
    round: int = 0

    @property
    def is_settled(self) -> bool:
        return self.state in SETTLED


@dataclass(frozen=True, slots=True)
class NextTurn:
    key: str
    speaker: int
    lane: int = 0
    round: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """`new` turns to create now; with an `end` the run is over and `sentence` says why."""

    new: tuple[NextTurn, ...] = ()
    end: EndState = ""
    stop_reason: StopReason = ""
    sentence: str = ""


WAIT = Plan()  # nothing new, not over: somebody still speaks


class Planner(Protocol):
    def __call__(self, run: RunFacts, turns: Sequence[TurnFacts]) -> Plan: ...


def number(count: int) -> str:
    """A small number as a word."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)
