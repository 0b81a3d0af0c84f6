"""A provider that does not know a field names it, and gets the request without it from then on."""

import pytest

from messaging.providers.base import ChatMessage, ChatRequest, ModelInfo
from messaging.providers.form import Forms


def asking(model: str = "m", **options: float | int | str) -> ChatRequest:
    info = ModelInfo(f"x:{model}", "x", "X", model, "M", "remote", options=options)
    return ChatRequest(info, [ChatMessage("user", "Hi")], 50)


def test_the_usual_form() -> None:
    assert Forms().write(asking(temperature=0.5)) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 50,
        "temperature": 0.5,
    }


@pytest.mark.parametrize(
    ("usual", "said", "then"),
    [
        ("max_tokens", "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_completion_tokens"),
        ("max_completion_tokens", "Extra inputs are not permitted: max_completion_tokens", "max_tokens"),
    ],
)  # fmt: skip
def test_the_limit_is_called_by_its_other_name_then_left_out(usual: str, said: str, then: str) -> None:
    forms = Forms(usual)
    changed = forms.change(forms.write(asking()), said)
    assert changed and changed[then] == 50 and usual not in changed
    assert forms.write(asking()) == changed
    again = forms.change(changed, f"{then} is too large")
    assert again and not {"max_tokens", "max_completion_tokens"} & set(again)
    assert forms.write(asking()) == again
    assert usual in forms.write(asking("another"))


@pytest.mark.parametrize("field", ["stream_options", "temperature", "repeat_penalty"])
def test_a_field_that_is_not_known_is_left_out(field: str) -> None:
    forms, request = Forms(), asking(temperature=0.5, repeat_penalty=1.1)
    changed = forms.change(forms.write(request), f"Unrecognized request argument supplied: {field}")
    assert changed and field not in changed and len(changed) == 6
    assert forms.write(request) == changed


def test_a_refusal_that_names_nothing_of_the_form_is_a_refusal() -> None:
    forms = Forms()
    for said in ("Invalid value for 'messages'", "the model refuses to stream", "no"):
        assert forms.change(forms.write(asking()), said) is None


def test_too_long_together_with_the_limit_is_tried_once_without_and_not_remembered() -> None:
    forms = Forms()
    body = forms.write(asking())
    changed = forms.change(body, "'max_tokens' is too large: 4096", is_too_long=True)
    assert changed and "max_tokens" not in changed
    assert forms.change(changed, "'max_tokens' is too large", is_too_long=True) is None
    assert forms.change(body, "the prompt is too long", is_too_long=True) is None
    assert forms.write(asking()) == body
