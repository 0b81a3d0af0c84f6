"""What workers say of themselves, so that people and other processes know whether anybody answers. Synchronous."""

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from messaging.models import Worker
from messaging.runs.leases import HOLDER

ALIVE_S = 20.0
FORGOTTEN = timedelta(hours=1)


def report(most: int, running: int, *, is_leaving: bool = False) -> None:
    """Say that this process lives and how much it does."""
    now = {"running": running, "is_leaving": is_leaving, "seen_at": Now()}
    if not Worker.objects.filter(pk=HOLDER).update(**now):
        Worker.objects.create(name=HOLDER, host=host(), version=settings.VERSION, most=most, started_at=Now(), **now)
        Worker.objects.filter(seen_at__lt=Now() - FORGOTTEN).delete()


def sign_off() -> None:
    Worker.objects.filter(pk=HOLDER).delete()


def host() -> str:
    """This host, as workers name it."""
    return HOLDER.partition(":")[0]


def alive(on_host: str = "") -> list[Worker]:
    """Those that were heard of lately, on one host or on all."""
    found = Worker.objects.filter(seen_at__gte=Now() - timedelta(seconds=ALIVE_S)).order_by("started_at")
    return list(found.filter(host=on_host) if on_host else found)
