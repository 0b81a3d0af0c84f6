"""What comes next in a run, and when it is over: one pure function per kind of run."""

from messaging.runs.plans import fan_out, in_turn, reply
from messaging.runs.plans.base import Planner

PLANS: dict[str, Planner] = {"reply": reply.plan, "fan_out": fan_out.plan, "in_turn": in_turn.plan}

__all__ = ["PLANS"]
