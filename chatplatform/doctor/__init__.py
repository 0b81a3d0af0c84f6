"""Looks at every setting and every connection, and says of each in one line how it stands and what to do.

Each file looks at one thing and yields findings; nothing here changes anything. `examine` is all of them.
"""

from collections.abc import Callable, Iterator
from functools import partial

from django.conf import settings

from chatplatform.doctor import cql, database, machine, models, redis, rows, wiring
from chatplatform.doctor.finding import Finding, broken

Look = Callable[[], Iterator[Finding]]


def examine(*, tries_providers: bool = False) -> Iterator[Finding]:
    """Every finding, as it is made. What can only be asked of a database that answers is left out when it does not."""
    for look in (machine.python, machine.packages, machine.page, machine.folder, machine.files):
        yield from _safely(look)
    for look in (wiring.secrets, wiring.address, wiring.switches, wiring.figures):
        yield from _safely(look)
    answers = True
    for finding in _safely(database.look):
        answers &= finding.level != "broken"
        yield finding
    if settings.REDIS_URL:
        yield from _safely(redis.look)
        yield from _safely(wiring.keys)
    if settings.CQL_HOSTS:
        yield from _safely(cql.look)
    if answers:
        for look in (rows.workers, rows.outbox):
            yield from _safely(look)
    yield from _safely(partial(models.look, is_database_there=answers, tries=tries_providers))


def _safely(look: Look) -> Iterator[Finding]:
    """A look that fails is a finding, too: the others go on."""
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001  whatever it is, it is said
        name = getattr(look, "__name__", "models")
        yield broken(
            name, f"could not be looked at: {type(error).__name__}: {error}", "Report this with the line above."
        )
