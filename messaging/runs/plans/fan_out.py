"""Several models answer the same question at once, each in its lane; none waits for another."""

from collections.abc import Sequence

from messaging.runs.plans.base import WAIT, NextTurn, Plan, RunFacts, TurnFacts, number
from messaging.runs.plans.reply import stopped


def plan(run: RunFacts, turns: Sequence[TurnFacts]) -> Plan:
    """Ask all models, and end the run when the last turn is settled; a failed one is settled."""
    if not turns:
        return Plan(new=tuple(NextTurn(chr(ord("a") + lane), lane, lane) for lane in range(len(run.models))))
    if not all(turn.is_settled for turn in turns):
        return WAIT
    answered = sum(turn.state in {"done", "interrupted"} for turn in turns)
    if run.stopped_by or all(turn.state == "cancelled" for turn in turns):
        return Plan(end="cancelled", stop_reason="stopped", sentence=stopped(run))
    if not answered:
        return Plan(end="failed", stop_reason="unreachable", sentence=f"{_none(len(turns))} answered.")
    count = _all(answered) if answered == len(turns) else f"{number(answered)} of {number(len(turns))}"
    return Plan(end="done", stop_reason="finished", sentence=f"{count[0].upper()}{count[1:]} answered.")


def _none(count: int) -> str:
    return "Neither" if count == 2 else f"None of {number(count)}"


def _all(count: int) -> str:
    return "both" if count == 2 else f"all {number(count)}"
