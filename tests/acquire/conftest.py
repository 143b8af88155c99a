"""No test of this folder reaches anything but loopback, whatever the code under test does."""

import errno
import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest

INTERNET = (socket.AF_INET, socket.AF_INET6)


@pytest.fixture(autouse=True)
def blocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The addresses beyond loopback that were tried, each refused; a test that means to try some clears the list.

    Names are looked up by nobody: the system's resolver would ask the network.
    """
    tried: list[str] = []

    def guarded(name: str, position: int) -> None:
        real = getattr(socket.socket, name)

        def method(self: socket.socket, *arguments: Any) -> Any:
            address = arguments[position]
            if self.family in INTERNET and not ipaddress.ip_address(address[0].partition("%")[0]).is_loopback:
                tried.append(address[0])
                raise OSError(errno.ENETUNREACH, "a test may reach loopback alone")
            return real(self, *arguments)

        monkeypatch.setattr(socket.socket, name, method)

    guarded("connect", 0)
    guarded("connect_ex", 0)
    guarded("sendto", -1)
    real_lookup = socket.getaddrinfo

    def lookup(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:
        return real_lookup(host, port, family, type, proto, flags | socket.AI_NUMERICHOST)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    yield tried
    assert tried == [], "a test tried to leave the machine"
