"""Refusals: what may be tried again says when, in the body, in the header and on the socket alike."""

import json

import pytest
from django.test import RequestFactory

from chatplatform.kernel.errors import AppError, Conflict, Forbidden, Invalid, NotFound, SignedOut, TooMany, Unavailable
from chatplatform.kernel.http import problem

KINDS = [Invalid, SignedOut, NotFound, Forbidden, Conflict, TooMany, Unavailable]


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_be_tried_again_says_when(kind: type[AppError]) -> None:
    answer = problem(RequestFactory().get("/"), kind("Words.", "narrow"))
    body = json.loads(answer.content)
    assert (answer.status_code, body["code"], body["status"]) == (kind.status, "narrow", kind.status)
    assert ("retry_after_s" in body) == ("Retry-After" in answer) == kind.retryable
    assert kind.retryable == (kind.status in {429, 503})


def test_who_knows_better_says_how_long() -> None:
    answer = problem(RequestFactory().get("/"), TooMany("Words.", retry_after_s=7.2))
    assert (json.loads(answer.content)["retry_after_s"], answer["Retry-After"]) == (7.2, "8")
