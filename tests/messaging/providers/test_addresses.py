"""Which base URLs and which numbers a provider may have: spellings that got around checks elsewhere."""

import socket
from typing import Any

import httpx
import pytest

from messaging.providers import addresses, transport
from messaging.providers.addresses import AddressRefused, check_address, read_url, resolve

PUBLIC = "93.184.215.14"


@pytest.mark.parametrize(
    ("text", "url", "host", "port"),
    [
        ("https://api.example.org/v1", "https://api.example.org/v1", "api.example.org", 443),
        ("https://API.example.org:443/v1/", "https://api.example.org/v1", "api.example.org", 443),
        ("http://10.0.4.12:8000/v1", "http://10.0.4.12:8000/v1", "10.0.4.12", 8000),
        ("http://localhost:11434/v1", "http://localhost:11434/v1", "localhost", 11434),
        ("http://[::1]:8080", "http://[::1]:8080", "::1", 8080),
        ("https://xn--zrich-kva.example/v1beta/openai", "https://xn--zrich-kva.example/v1beta/openai", "xn--zrich-kva.example", 443),
    ],
)  # fmt: skip
def test_plain_urls_are_read(text: str, url: str, host: str, port: int) -> None:
    origin = read_url(text)
    assert (origin.url, origin.host, origin.port) == (url, host, port)


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:6666\\@1.1.1.1",  # one parser sees 1.1.1.1, another 127.0.0.1
        "http://1.1.1.1&@127.0.0.1/",
        "http://user:password@api.example.org/v1",
        "http://api.example.org@127.0.0.1/v1",
        "http://api.example.org#@127.0.0.1/",
        "http://api.example.org/?x=1",
        "http://0/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/",
        "http://127.1/", "http://127.0.1/", "http://127.0.0.01/", "http://256.1.1.1/", "http://1.2.3.4.5/",
        "http://127.0.0.1./v1", "http://api.example.org./v1",
        "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://zürich.example/",
        "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[::1/", "http://[v1.x]/",
        "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "ftp://example.org", "unix:/run/redis.sock", "//example.org",
        "http://example.org:6379/\r\nSET x 1", "http://example.org/%0d%0aX: y", "http://exa mple.org/", "http://example.org/\tv1",
        "http://example.org:0/", "http://example.org:65536/", "http://example.org:+80/", "http://example.org:/v1",
        "http://example.org/v1/../admin", "http://example.org/./v1", "http://-bad-.example/", "http://a..b/", "http://",
        "https://" + "a" * 400 + ".org", "", " https://api.example.org",
    ],
)  # fmt: skip
def test_urls_that_can_be_read_in_two_ways_are_refused(text: str) -> None:
    with pytest.raises(AddressRefused):
        read_url(text)


NEVER = [
    "169.254.169.254", "169.254.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1", "fd00:ec2::254",
    "0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "255.255.255.255", "240.0.0.1", "ff02::1", "192.0.0.192", "192.0.2.1",
    "198.18.0.1", "100.100.100.200", "168.63.129.16", "2002:7f00:1::", "2001:0:53aa:64c:0:ffff:7f00:1", "::127.0.0.1",
    "::ffff:0.0.0.0", "2001:db8::1", "fec0::1", "64:ff9b:1::a9fe:a9fe",
]  # fmt: skip
PRIVATE = [
    "127.0.0.1", "127.255.255.254", "::1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
    "fd12::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
]  # fmt: skip
OPEN = [PUBLIC, "1.1.1.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::5db8:d70e", "100.128.0.1"]


@pytest.mark.parametrize("text", NEVER)
@pytest.mark.parametrize("is_private_allowed", [True, False])
def test_some_numbers_are_never_a_provider(text: str, is_private_allowed: bool) -> None:
    with pytest.raises(AddressRefused):
        check_address(text, is_private_allowed=is_private_allowed)


@pytest.mark.parametrize("text", PRIVATE)
def test_private_numbers_need_the_setting(text: str) -> None:
    assert check_address(text, is_private_allowed=True)
    with pytest.raises(AddressRefused):
        check_address(text, is_private_allowed=False)


@pytest.mark.parametrize("text", OPEN)
def test_public_numbers_pass(text: str) -> None:
    assert check_address(text, is_private_allowed=False)


def test_one_bad_answer_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answers(host: str, port: int) -> list[str]:
        return [PUBLIC, "127.0.0.1"]

    monkeypatch.setattr(addresses, "_ask", answers)
    import asyncio

    with pytest.raises(AddressRefused, match=r"api\.example\.org"):
        asyncio.run(resolve("api.example.org", 443, is_private_allowed=False))


async def test_the_connection_goes_to_the_number_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second answer to the same name (rebinding) is never asked for within one connection."""
    answers = iter([[PUBLIC], ["127.0.0.1"]])

    async def ask(host: str, port: int) -> list[str]:
        return next(answers)

    dialled: list[str] = []

    async def dial(number: str, *_: Any) -> Any:
        dialled.append(number)
        raise httpx.ConnectError("nowhere")

    monkeypatch.setattr(addresses, "_ask", ask)
    monkeypatch.setattr(transport, "connect", dial)
    asking = transport.client(read_url("http://rebind.example/v1"), {}, connect_s=5, is_private_allowed=False)
    with pytest.raises(httpx.ConnectError):
        await asking.get("models")
    assert dialled == [PUBLIC]
    with pytest.raises(AddressRefused):  # the next connection sees the second answer, and refuses it
        await asking.get("models")
    assert dialled == [PUBLIC]


async def test_names_are_resolved_for_real() -> None:
    found = await resolve("localhost", 80, is_private_allowed=True)
    assert set(found) <= {"127.0.0.1", "::1"}
    with pytest.raises(AddressRefused):
        await resolve("localhost", 80, is_private_allowed=False)


async def test_an_unknown_name_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(AddressRefused, match=r"nowhere\.invalid: There is no such name"):
        await resolve("nowhere.invalid", 80, is_private_allowed=True)
