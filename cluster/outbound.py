"""Requests to addresses that users name. They reach nothing but the public internet.

What is checked is the address that is connected to, not the name: whatever a name meant before, or means a moment
later, no socket is made to a private, loopback, link-local or otherwise internal address. Redirects are
answers like others: none is followed.
"""

import errno
import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from dancecore.errors import DanceError


def check_url(url: str, *, internal: bool = False) -> None:
    """Raise DanceError("INVALID_INPUT") unless `url` is of https, without credentials, and not of an internal address.

    With `internal`, http and internal addresses are well too. What names mean is found out when they are used.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise DanceError("INVALID_INPUT", f"not a URL: {error}") from None
    schemes = ("https", "http") if internal else ("https",)
    if parts.scheme not in schemes or not host or "@" in parts.netloc:
        raise DanceError("INVALID_INPUT", f"a URL of {' or '.join(schemes)} without credentials is wanted")
    try:
        address = ip_address(host)
    except ValueError:
        return
    if not internal and not is_public(address):
        raise DanceError("INVALID_INPUT", f"{host} is an internal address")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is of the public internet, also where it holds one of IPv4 (mapped, 6to4, NAT64, Teredo)."""
    if isinstance(address, IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address.packed[:12] == b"\0\x64\xff\x9b" + bytes(8):  # RFC 6052, 64:ff9b::/96
            inner.append(IPv4Address(address.packed[12:]))
        if not all(is_public(each) for each in inner if each is not None):
            return False
        if any(inner):
            return True
    return address.is_global and not address.is_multicast


async def post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float, *, internal: bool = False) -> int:
    """Post a body; the status of the answer, whose content is not read. Raises DanceError("UNREACHABLE")."""
    connector = aiohttp.TCPConnector(socket_factory=None if internal else _public_socket)
    limit = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=limit) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise DanceError("UNREACHABLE", f"no answer: {str(error) or type(error).__name__}") from error


def _public_socket(found: Any) -> socket.socket:
    """A socket for what a name was resolved to (as of socket.getaddrinfo). Raises OSError for internal addresses."""
    family, kind, protocol, _, where = found
    if not is_public(ip_address(str(where[0]).partition("%")[0])):
        raise OSError(errno.EACCES, f"{where[0]} is an internal address")
    return socket.socket(family, kind, protocol)
