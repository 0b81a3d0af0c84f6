"""Models speak one after the other, in order, for some rounds: the simple form of a debate.

A turn that failed, was stopped or was cut off counts as settled and is passed over. The end is
hard: rounds, a limit of turns, a person, or models that cannot be reached; never an open loop.
"""

from collections.abc import Sequence

from messaging.runs.plans.base import WAIT, NextTurn, Plan, RunFacts, TurnFacts, number

MAX_FAILED_IN_A_ROW = 3


def plan(run: RunFacts, turns: Sequence[TurnFacts]) -> Plan:
    """Name the next speaker once the last one is settled, or end the conversation."""
    if any(not turn.is_settled for turn in turns):
        return WAIT
    spoken = len(turns)
    if run.stopped_by:
        now = turns[-1].round if turns else 1
        sentence = f"Stopped by {run.stopped_by} in round {now}; what was said stays."
        return Plan(end="cancelled", stop_reason="stopped", sentence=sentence)
    if silent := _unreachable(run, turns):
        return Plan(end="failed", stop_reason="unreachable", sentence=silent)
    if spoken >= run.rounds * len(run.models):
        sentence = f"Ended after round {run.rounds}, as {run.asked_by} asked."
        return Plan(end="done", stop_reason="finished", sentence=sentence)
    if run.limit_turns and spoken >= run.limit_turns:
        sentence = f"Ended after {number(spoken)} turns, the most a conversation may have."
        return Plan(end="done", stop_reason="limit", sentence=sentence)
    round_, speaker = spoken // len(run.models) + 1, spoken % len(run.models)
    return Plan(new=(NextTurn(f"r{round_}.t{speaker + 1}", speaker, 0, round_),))


def _unreachable(run: RunFacts, turns: Sequence[TurnFacts]) -> str:
    """Why going on makes no sense: two thirds of the models failed at their last turn, or three turns in a row."""
    last = {turn.speaker: turn.state for turn in turns}
    failed = sum(state == "failed" for state in last.values())
    if failed and failed * 3 >= len(run.models) * 2:
        if len(run.models) == 1:
            return f"Ended: {run.models[0]} could not be reached."
        if failed == len(run.models):
            return f"Ended: none of the {number(failed)} models could be reached."
        return f"Ended: {number(failed)} of {number(len(run.models))} models could not be reached."
    tail = turns[-MAX_FAILED_IN_A_ROW:]
    if len(tail) == MAX_FAILED_IN_A_ROW and all(turn.state == "failed" for turn in tail):
        return f"Ended: {number(len(tail))} turns in a row were not answered."
    return ""
