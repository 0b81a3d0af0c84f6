"""One model answers one question."""

from collections.abc import Sequence

from messaging.runs.plans.base import WAIT, NextTurn, Plan, RunFacts, TurnFacts


def plan(run: RunFacts, turns: Sequence[TurnFacts]) -> Plan:
    """Ask the one model, and end the run when its turn is settled."""
    if not turns:
        return Plan(new=(NextTurn("a", 0),))
    turn = turns[0]
    if not turn.is_settled:
        return WAIT
    name = run.models[0]
    if turn.state == "cancelled":
        return Plan(end="cancelled", stop_reason="stopped", sentence=stopped(run))
    if turn.state == "failed":
        return Plan(end="failed", stop_reason="unreachable", sentence=f"{name} did not answer.")
    if turn.state == "interrupted":
        return Plan(end="done", stop_reason="finished", sentence=f"{name} was cut off; its words are kept.")
    return Plan(end="done", stop_reason="finished", sentence=f"{name} answered.")


def stopped(run: RunFacts) -> str:
    by = f" by {run.stopped_by}" if run.stopped_by else ""
    return f"Stopped{by}; what was said stays."
