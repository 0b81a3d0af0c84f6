"""The form of a request, and what each model of a provider was found not to take of it. Pure.

Speakers of the format differ in small things: what the limit is called, whether figures may be asked for, which fields
exist at all. A refusal names the field; the form is changed by what it names, and remembered.
"""

from typing import Any

from messaging.providers.base import ChatRequest

_NEEDED = frozenset({"model", "messages", "stream"})
_LIMITS = ("max_completion_tokens", "max_tokens")


class Forms:
    """The forms of one provider's models."""

    def __init__(self, limit_field: str = "max_tokens") -> None:
        self._limit_field = limit_field
        self._limits: dict[str, str] = {}  # by model, once it refused the usual name; "" is no limit at all
        self._refused: dict[str, frozenset[str]] = {}  # by model: fields that it will not have

    def write(self, request: ChatRequest) -> dict[str, Any]:
        """Write the request as this model is known to take it."""
        model = request.model.model
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if field := self._limits.get(model, self._limit_field):
            body[field] = request.max_tokens
        body |= request.model.options
        return {name: value for name, value in body.items() if name not in self._refused.get(model, frozenset())}

    def change(self, body: dict[str, Any], said: str, *, is_too_long: bool = False) -> dict[str, Any] | None:
        """Write a refused request anew, by what the refusal names; None when it names nothing of it.

        `is_too_long`: the question and the limit together are more than the model reads. The limit then goes from
        this one request alone.
        """
        limit = next((name for name in _LIMITS if name in body), "")
        named_limit = bool(limit) and any(name in said for name in _LIMITS)
        if is_too_long:
            return _without(body, limit) if named_limit else None
        model = body["model"]
        if "stream_options" in body and "stream_options" in said:
            return self._refuse(model, body, "stream_options")
        if named_limit:
            is_second = model in self._limits
            self._limits[model] = "" if is_second else _LIMITS[1 - _LIMITS.index(limit)]
            changed = _without(body, limit)
            return changed if is_second else {**changed, self._limits[model]: body[limit]}
        named = next((name for name in body if name not in _NEEDED and name in said), "")
        return self._refuse(model, body, named) if named else None

    def _refuse(self, model: str, body: dict[str, Any], field: str) -> dict[str, Any]:
        self._refused[model] = self._refused.get(model, frozenset()) | {field}
        return _without(body, field)


def _without(body: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != field}
