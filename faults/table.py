"""The 48 faults, and the cases that cover them. What has no case here says where it is tested instead, or that it is not."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faults.world import World

FAULTS = {
    1: "web killed while many watch",
    2: "worker killed before the first token",
    3: "worker killed in mid-answer",
    4: "worker killed in mid-answer that others wait for",
    5: "worker killed between the words and the end",
    6: "worker killed in a debate",
    7: "the worker that takes over killed, too",
    8: "worker frozen for longer than its hold, then awake",
    9: "workers replaced one by one",
    10: "a new version with answers under way",
    11: "Redis killed and started again",
    12: "Redis flushed in mid-answer",
    13: "Redis away",
    14: "Redis out of memory",
    15: "a published packet lost",
    16: "the subscription's connection cut",
    17: "PostgreSQL killed and started again",
    18: "PostgreSQL away",
    19: "PostgreSQL slow",
    20: "the CQL node killed",
    21: "a CQL write whose answer is lost",
    22: "one of three CQL nodes killed",
    23: "provider: 429 with Retry-After",
    24: "provider: 500 again and again",
    25: "provider: an error inside the stream",
    26: "provider: silence in mid-answer",
    27: "provider: an answer or a line without end",
    28: "provider: malformed frames",
    29: "provider: ends without a finish",
    30: "provider: cannot be reached",
    31: "a person leaves in mid-answer and comes back",
    32: "a person comes back twenty times",
    33: "frozen readers",
    34: "the same message many times at once",
    35: "two people send at the same time",
    36: "clocks that are wrong and jump",
    37: "full disk",
    38: "no processor time",
    39: "a web process stands still for five seconds",
    40: "out of memory",
    41: "a slow, lossy line",
    42: "a line that is dead without a word",
    43: "everybody comes back at once",
    44: "everything killed at once",
    45: "schema migrated while serving",
    46: "access revoked while Redis is away",
    47: "a backup brought back",
    48: "an answer that kills every worker",
}
# Not a case of this bench; where else it is tested, or why it is not.
ELSEWHERE: dict[int, str] = {
    47: "tried by tests/test_backup.py and tests/messaging/test_reconciling.py, not against a running deployment",
}

Run = Callable[["World", random.Random], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    number: int
    name: str
    run: Run
    times: int
    within_s: float
    is_short: bool  # belongs to `make test`, too
    nodes: int  # of Cassandra that it needs
    needs_root: bool


CASES: list[Case] = []


def case(
    number: int,
    *,
    times: int = 3,
    within_s: float = 60,
    is_short: bool = False,
    nodes: int = 1,
    needs_root: bool = False,
) -> Callable[[Run], Run]:
    """Make a function a case of that fault: run `times` times, each within `within_s`, its name in the table."""
    assert number in FAULTS

    def keep(run: Run) -> Run:
        name = f"F{number:02} {run.__name__}"
        CASES.append(Case(number, name, run, times, within_s, is_short, nodes, needs_root))
        return run

    return keep
