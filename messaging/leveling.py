"""What is told last of something is how it stands, whoever tells it and when.

A change is told after its commit, as its rows then stand, by the process that made it: so the last but one may be told after the
last, when that process is slow or was paused. Whoever has told something therefore looks at its rows again afterwards. Either
nothing was committed meanwhile, or it is told here too; what is committed later is told later. So nothing that is told needs
a number, and whoever hears it takes it as it comes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chatplatform.kernel.db import in_db, in_db_later
from chatplatform.kernel.errors import Unavailable

AGAIN_S = 1.0

S = TypeVar("S")


async def level(
    read: Callable[[], S | None],
    tell: Callable[[S], Awaitable[None]],
    *,
    told: S | None = None,
    stand: Callable[[S], object] = lambda found: found,
) -> None:
    """Tell what `read` finds, and again until it finds what was told last; None ends it.

    `read` runs in a database thread. `tell` returns when it is told, not only handed over: whatever is told afterwards is heard
    afterwards. `told` was told already. `stand` is what of it counts: leave out what only grows, so that a busy thread is not told
    over and over. Waits for a database that is away.
    """
    while True:
        try:
            found = await (in_db if told is None else in_db_later)(read)
        except Unavailable:
            await asyncio.sleep(AGAIN_S)
            continue
        if found is None or (told is not None and stand(found) == stand(told)):
            return
        await tell(found)
        told = found
