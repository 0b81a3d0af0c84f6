"""The few kinds of refusal a service may answer with.

Raised where they are known, translated in two places only: `kernel/http.py` for HTTP and
`messaging/consumers.py` for sockets. A thing the asker may not see is NotFound, as if absent.
"""

from typing import Any


class AppError(Exception):
    """A refusal with words for a person and a stable code for a program.

    `code` is lower_snake_case and never changes once published; `message` is one plain sentence
    that says what to do; `data` holds what a client needs to act. What may be tried again always
    says when: `retry_after_s`, seconds, a second where nobody knows better.
    """

    status = 500
    default_code = "error"
    retryable = False

    def __init__(self, message: str, code: str = "", **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.data = {"retry_after_s": 1.0, **data} if self.retryable else data


class Invalid(AppError):
    status, default_code = 422, "invalid"


class SignedOut(AppError):
    status, default_code = 401, "signed_out"


class NotFound(AppError):
    status, default_code = 404, "not_found"


class Forbidden(AppError):
    status, default_code = 403, "forbidden"


class Conflict(AppError):
    status, default_code = 409, "conflict"


class TooMany(AppError):
    status, default_code, retryable = 429, "too_many", True


class Unavailable(AppError):
    status, default_code, retryable = 503, "unavailable", True
