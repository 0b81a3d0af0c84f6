"""The rules of runs as tables: what was asked for and the turns so far, then what comes next or why it is over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.runs.plans import PLANS
from messaging.runs.plans.base import SETTLED, Plan, RunFacts, TurnFacts

ABC = ("Ada", "Ben", "Cleo")


def turns(*states: str, models: int = 3) -> list[TurnFacts]:
    return [TurnFacts(f"t{i}", state, i % models, i // models + 1) for i, state in enumerate(states)]


def in_turn(*states: str, models: tuple[str, ...] = ABC, rounds: int = 2, limit: int = 0, by: str = "") -> Plan:
    run = RunFacts(models, "Carol", rounds=rounds, limit_turns=limit, stopped_by=by)
    return PLANS["in_turn"](run, turns(*states, models=len(models)))


def lanes(*states: str, by: str = "") -> Plan:
    facts = [TurnFacts(chr(97 + i), state, i) for i, state in enumerate(states)]
    return PLANS["fan_out"](RunFacts(ABC[: len(states)], "Carol", stopped_by=by), facts)


def test_reply_asks_its_one_model_and_no_other() -> None:
    plan = PLANS["reply"](RunFacts(("Ada",), "Carol"), [])
    assert [(n.key, n.speaker, n.lane) for n in plan.new] == [("a", 0, 0)]
    assert plan.end == ""


@pytest.mark.parametrize(
    ("state", "end", "reason", "sentence"),
    [
        ("streaming", "", "", ""),
        ("pending", "", "", ""),
        ("done", "done", "finished", "Ada answered."),
        ("failed", "failed", "unreachable", "Ada did not answer."),
        ("interrupted", "done", "finished", "Ada was cut off; its words are kept."),
        ("cancelled", "cancelled", "stopped", "Stopped; what was said stays."),
    ],
)
def test_reply_ends_with_its_turn(state: str, end: str, reason: str, sentence: str) -> None:
    plan = PLANS["reply"](RunFacts(("Ada",), "Carol"), [TurnFacts("a", state, 0)])
    assert (plan.end, plan.stop_reason, plan.sentence) == (end, reason, sentence)
    assert not plan.new


def test_fan_out_asks_all_at_once_each_in_its_lane() -> None:
    plan = PLANS["fan_out"](RunFacts(ABC, "Carol"), [])
    assert [(n.key, n.speaker, n.lane) for n in plan.new] == [("a", 0, 0), ("b", 1, 1), ("c", 2, 2)]


@pytest.mark.parametrize(
    ("states", "end", "sentence"),
    [
        (["done", "streaming", "done"], "", ""),
        (["failed", "failed", "pending"], "", ""),
        (["done", "done", "done"], "done", "All three answered."),
        (["done", "failed", "done"], "done", "Two of three answered."),
        (["failed", "interrupted", "failed"], "done", "One of three answered."),
        (["failed", "failed", "failed"], "failed", "None of three answered."),
        (["done", "done"], "done", "Both answered."),
        (["failed", "failed"], "failed", "Neither answered."),
        (["cancelled", "cancelled", "cancelled"], "cancelled", "Stopped; what was said stays."),
        (["cancelled", "done", "cancelled"], "done", "One of three answered."),
    ],
)
def test_fan_out_ends_with_its_last_turn(states: list[str], end: str, sentence: str) -> None:
    plan = lanes(*states)
    assert (plan.end, plan.sentence) == (end, sentence)


def test_stopped_fan_out_says_who_stopped_it() -> None:
    plan = lanes("done", "cancelled", by="Bob")
    assert (plan.end, plan.sentence) == ("cancelled", "Stopped by Bob; what was said stays.")


@pytest.mark.parametrize(
    ("states", "key", "speaker", "round_"),
    [
        ([], "r1.t1", 0, 1),
        (["done"], "r1.t2", 1, 1),
        (["done", "failed"], "r1.t3", 2, 1),
        (["done", "cancelled", "interrupted"], "r2.t1", 0, 2),
        (["done", "done", "done", "done", "done"], "r2.t3", 2, 2),
    ],
)
def test_models_speak_in_order_and_a_silent_one_is_passed_over(
    states: list[str], key: str, speaker: int, round_: int
) -> None:
    plan = in_turn(*states)
    assert [(n.key, n.speaker, n.round) for n in plan.new] == [(key, speaker, round_)]
    assert plan.end == ""


def test_nobody_speaks_while_somebody_speaks() -> None:
    assert in_turn("done", "streaming") == Plan()


@pytest.mark.parametrize(
    ("plan", "end", "reason", "sentence"),
    [
        (in_turn(*["done"] * 9, rounds=3), "done", "finished", "Ended after round 3, as Carol asked."),
        (
            in_turn("done", "done", "done", "cancelled", by="Bob"),
            "cancelled",
            "stopped",
            "Stopped by Bob in round 2; what was said stays.",
        ),
        (in_turn(by="Bob"), "cancelled", "stopped", "Stopped by Bob in round 1; what was said stays."),
        (
            in_turn("done", "failed", "failed"),
            "failed",
            "unreachable",
            "Ended: two of three models could not be reached.",
        ),
        (
            in_turn("failed", "failed", models=("Ada", "Ben")),
            "failed",
            "unreachable",
            "Ended: none of the two models could be reached.",
        ),
        (
            in_turn("done", "failed", "failed", "failed", "done", models=("A", "B", "C", "D", "E"), rounds=3),
            "",
            "",
            "",
        ),
        (
            in_turn("done", "done", "failed", "failed", "failed", models=("A", "B", "C", "D", "E"), rounds=3),
            "failed",
            "unreachable",
            "Ended: three turns in a row were not answered.",
        ),
        (
            in_turn(*["done"] * 5, limit=5, rounds=4),
            "done",
            "limit",
            "Ended after five turns, the most a conversation may have.",
        ),
    ],
)
def test_a_conversation_ends_with_its_reason(plan: Plan, end: str, reason: str, sentence: str) -> None:
    assert (plan.end, plan.stop_reason, plan.sentence) == (end, reason, sentence)


def test_a_model_that_answers_again_is_reachable_again() -> None:
    assert in_turn("done", "failed", "done", "done", "done", "failed", rounds=3).end == ""


@given(
    kind=st.sampled_from(["reply", "fan_out", "in_turn"]),
    models=st.integers(1, 6),
    rounds=st.integers(1, 6),
    outcomes=st.lists(st.sampled_from(sorted(SETTLED)), min_size=40, max_size=40),
    stop_at=st.integers(0, 60),
)
def test_every_run_ends_whatever_its_turns_do(
    kind: str, models: int, rounds: int, outcomes: list[str], stop_at: int
) -> None:
    names = tuple(f"m{i}" for i in range(1 if kind == "reply" else models))
    made: list[TurnFacts] = []
    for _ in range(100):
        run = RunFacts(names, "Carol", rounds=rounds, limit_turns=30, stopped_by="Bob" if len(made) >= stop_at else "")
        plan = PLANS[kind](run, made)
        if plan.end:
            assert plan.sentence.endswith(".")
            assert plan.stop_reason
            assert not plan.new
            break
        assert plan.new, "neither over nor going on: it would stand still for ever"
        made += [TurnFacts(n.key, outcomes[len(made) + i], n.speaker, n.round) for i, n in enumerate(plan.new)]
    else:
        pytest.fail("it never ends")
    assert len({turn.key for turn in made}) == len(made)
    assert len(made) <= 36
