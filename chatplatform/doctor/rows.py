"""What only rows tell: whether workers live and are of this version, and whether messages wait to be stored."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, Min

from chatplatform.doctor.finding import Finding, broken, ok, warning
from chatplatform.kernel.clock import now
from messaging import set_aside
from messaging.models import Outbox
from messaging.runs.dispatch import workers as reported

STUCK_S, LATE_S = 300.0, 30.0


def workers() -> Iterator[Finding]:
    if not settings.IS_SHARED:
        yield ok("workers", "none needed: the server runs the turns itself")
        return
    alive = reported.alive()
    if not alive:
        yield broken("workers", "none is alive, so no model answers", "Start one: manage.py worker")
        return
    room = sum(worker.most - worker.running for worker in alive)
    yield ok("workers", f"{len(alive)} alive, with room for {room} more answers")
    if len(alive) == 1:
        yield warning(
            "workers", "there is one alone", "Start a second: then answers go on when one dies or is replaced."
        )
    if others := sorted({worker.version for worker in alive} - {settings.VERSION}):
        yield warning(
            "workers", f"some are of version {', '.join(others)}", "Replace them: docs/operations.md, “A new version”."
        )


def outbox() -> Iterator[Finding]:
    """Accepted messages are delivered in milliseconds; what is older says that a store or a stream is away."""
    if aside := set_aside.count():
        yield broken(
            "set aside",
            f"{aside} accepted messages or changes cannot be read; the others go on",
            "They are kept as they are: docs/operations.md, “What cannot be read”.",
        )
    found = Outbox.objects.filter(published_at=None, set_aside_at=None).aggregate(
        count=Count("pk"), oldest=Min("created_at")
    )
    age_s = (now() - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    words = f"{found['count']} messages wait to be delivered, the oldest for {age_s:.0f} s"
    fix = "Nothing is lost. Bring back what is down (see above), and keep a server running: it delivers them."
    if age_s > STUCK_S:
        yield broken("outbox", words, fix)
    elif age_s > LATE_S:
        yield warning("outbox", words, fix)
    else:
        yield ok("outbox", words if found["count"] else "nothing waits")
