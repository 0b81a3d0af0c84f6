"""How a provider is doing, as its latest answers tell; and the breaker that leaves it alone for a while.

What cannot be reached is shut for all its models; a model that keeps failing only for itself. The breaker is this
process's own, for the way from here may be the one that is broken; what is shown to people is shared: `states.py`.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from chatplatform.kernel import clock
from messaging.providers.base import ProviderError
from messaging.providers.retry import Breaker
from messaging.providers.types import ProviderStateName

LIMIT_S = 60.0  # a refusal for too many requests without a time counts for a minute


class State(Struct, frozen=True):
    """`note` is for people; `since` null when all is well."""

    name: ProviderStateName = "ok"
    note: str = ""
    since: datetime | None = None


OK = State()


class Health:
    """`on_change` hears each change of state, on the loop."""

    def __init__(self, on_change: Callable[[], None] | None = None) -> None:
        self.state = OK
        self._on_change = on_change
        self._limited_until = 0.0
        self._reach = Breaker()
        self._models: defaultdict[str, Breaker] = defaultdict(Breaker)

    def look(self) -> State:
        """The state now, from any thread: a limit passes by itself."""
        is_over = self.state.name == "at_limit" and clock.monotonic() >= self._limited_until
        return OK if is_over else self.state

    def limited_s(self) -> float:
        """Seconds until a limit passes by itself."""
        return max(0.0, self._limited_until - clock.monotonic())

    def hear(self, state: State, limited_s: float) -> None:
        """Take over what another process met; nobody is told of it again."""
        self.state, self._limited_until = state, clock.monotonic() + limited_s

    def settle(self) -> None:
        """Note, and tell, that a limit has passed."""
        if self.state is not OK and self.look() is OK:
            self._change(OK)

    def closed_in_s(self, model: str) -> float:
        """Seconds until this model may be asked again; 0: now."""
        now = clock.monotonic()
        return self._reach.closed_in_s(now) or self._models[model].closed_in_s(now)

    def answered(self, model: str = "") -> None:
        """Words came, or a list."""
        self._reach.succeeded()
        if model:
            self._models[model].succeeded()
        if self.state is not OK:
            self._change(OK)

    def failed(self, error: ProviderError, model: str = "") -> None:
        now = clock.monotonic()
        if error.kind == "unreachable":
            self._reach.failed(now)
            if self._reach.is_open or not model:
                self._change(State("unreachable", error.message, clock.now()))
            return
        self._reach.succeeded()  # it answered, if only to refuse
        breaker = self._models[model]
        if error.kind in {"overloaded", "timeout"}:
            breaker.failed(now)
        else:
            breaker.succeeded()
        if error.kind == "auth":
            self._change(State("key_refused", error.message, clock.now()))
        elif error.kind == "rate_limit":
            self._limited_until = now + (error.retry_after_s or LIMIT_S)
            self._change(State("at_limit", error.message, clock.now()))

    def _change(self, state: State) -> None:
        was, self.state = self.state, state
        if was.name == state.name and was is not OK:
            self.state = State(state.name, state.note, was.since)
        elif self._on_change is not None and was.name != state.name:
            self._on_change()
