"""Which addresses a provider may have: the text of a base URL, and each number its name stands for.

A name is resolved once for each connection, every answer is checked as a number, and the connection goes to the
very address that was checked (`transport.py`), so neither another spelling nor a second answer gets around it.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Iterator

from msgspec import Struct

from messaging.providers.base import ProviderError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# One spelling of everything: what two parsers could read differently is refused before either sees it.
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~-]+)*)/?"
)
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_V4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.|$)){4}")
MAX_URL = 300


def _nets(*texts: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


# Never a provider, whatever the setting says: this network, link-local (where clouds keep their credentials),
# protocol assignments, documentation, benchmarks, multicast, reserved; tunnels that hide another address.
_NEVER = _nets(
    "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "168.63.129.16/32", "100.100.100.200/32",  # Azure's and Alibaba's own services for a machine
    "::/128", "fe80::/10", "fec0::/10", "ff00::/8", "2001::/32", "2002::/16", "2001:db8::/32", "3fff::/20",
    "100::/64", "5f00::/16", "fd00:ec2::/32",  # the last: AWS's metadata over IPv6
)  # fmt: skip
_PRIVATE = _nets("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7")
_NAT64 = _nets("64:ff9b::/96", "64:ff9b:1::/48")


class Origin(Struct, frozen=True):
    """A base URL in its one accepted spelling, taken apart."""

    url: str  # without a slash at the end
    scheme: str
    host: str
    port: int


class AddressRefused(ProviderError):
    """A base URL, or the number behind its name, that no provider may have."""

    def __init__(self, message: str) -> None:
        super().__init__("unreachable", message)


def read_url(text: str) -> Origin:
    """Take a base URL apart, or raise AddressRefused for any that could be read in two ways."""
    found = _URL.fullmatch(text) if len(text) <= MAX_URL else None
    if found is None or any(part in {".", ".."} for part in found["path"].split("/")):
        raise AddressRefused(
            "Write the address like https://api.example.org/v1: http or https, a plain host name or number, no "
            "user name, no query."
        )
    host = found["host"].lower()
    if host.startswith("["):
        _parse(host[1:-1])
    elif not _V4.fullmatch(host):
        labels = host.split(".")
        # A last label of digits (or 0x…) makes systems read the whole as a number, each in its own way.
        is_number = re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]) is not None
        if is_number or not all(_LABEL.fullmatch(label) for label in labels):
            raise AddressRefused("Write the host as a name, or as a number like 10.0.4.12.")
    scheme = found["scheme"]
    port = int(found["port"] or (443 if scheme == "https" else 80))
    if port > 65535:
        raise AddressRefused("A port is at most 65535.")
    netloc = host if port == (443 if scheme == "https" else 80) else f"{host}:{port}"
    return Origin(f"{scheme}://{netloc}{found['path']}", scheme, host.strip("[]"), port)


def check_address(text: str, *, is_private_allowed: bool) -> str:
    """Check one numeric address and give it back in its one spelling, or raise AddressRefused."""
    address = _parse(text)
    for inner in _layers(address):
        if any(inner in net for net in _NEVER if net.version == inner.version):
            raise AddressRefused("This address is one that no provider may have.")
        if any(inner in net for net in _PRIVATE if net.version == inner.version):
            if not is_private_allowed:
                raise AddressRefused("This address lies in the private network, which this server does not allow.")
        elif not inner.is_global and not _is_nat64(inner):
            raise AddressRefused("This address is one that no provider may have.")
    return str(address)


def _parse(text: str) -> Address:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise AddressRefused("Write the host as a name, or as a number like 10.0.4.12.") from None
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id:
        raise AddressRefused("This address is one that no provider may have.")
    return address


def _is_nat64(address: Address) -> bool:
    return isinstance(address, ipaddress.IPv6Address) and any(address in net for net in _NAT64)


def _layers(address: Address) -> Iterator[Address]:
    """The address, and the IPv4 address that it carries inside, whose rules hold for it too."""
    if isinstance(address, ipaddress.IPv6Address):
        low = int(address) & 0xFFFFFFFF
        if address.ipv4_mapped is not None:
            yield address.ipv4_mapped
            return
        if _is_nat64(address):
            yield ipaddress.IPv4Address(low)
        elif int(address) >> 32 == 0 and low > 1:  # ::a.b.c.d, long out of use
            raise AddressRefused("This address is one that no provider may have.")
    yield address


async def resolve(host: str, port: int, *, is_private_allowed: bool) -> list[str]:
    """Resolve a name once and check every answer; one bad answer refuses the name."""
    try:
        answers = [host] if _is_number(host) else await _ask(host, port)
        return [check_address(answer, is_private_allowed=is_private_allowed) for answer in answers]
    except AddressRefused as refused:
        raise AddressRefused(f"{host}: {refused.message}") from None


def _is_number(host: str) -> bool:
    return ":" in host or _V4.fullmatch(host) is not None


async def _ask(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused("There is no such name.") from error
    return list(dict.fromkeys(str(info[4][0]) for info in found))
