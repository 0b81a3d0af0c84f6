"""Sign-up and sign-in as the page does them."""

import json
from typing import Any

from django.test import Client

PASSWORD = "a ferry leaves at nine"


def call(client: Client, method: str, path: str, body: Any = None) -> Any:
    answer = client.generic(
        method,
        f"/_allauth/browser/v1/{path}",
        json.dumps(body) if body is not None else "",
        content_type="application/json",
    )
    answer.body = json.loads(answer.content)  # type: ignore[attr-defined]
    return answer


def sign_up(client: Client, email: str = "nora@example.org", **more: Any) -> Any:
    return call(client, "POST", "auth/signup", {"email": email, "password": PASSWORD, "name": "Nora", **more})


def sign_in(client: Client, email: str = "nora@example.org", password: str = PASSWORD) -> Any:
    return call(client, "POST", "auth/login", {"email": email, "password": password})


def two_browsers() -> tuple[Client, Client]:
    desk, phone = Client(headers={"User-Agent": "Desk"}), Client(headers={"User-Agent": "Phone"})
    sign_up(desk)
    sign_in(phone)
    return desk, phone
