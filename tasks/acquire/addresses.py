"""The one place where a connection is opened: names are looked up here, and only what is public is connected to.

Whatever form a URL gives its host (a name, 2130706433, 0x7f.1, ::ffff:127.0.0.1), the system's resolver turns it into
an IP address; that address is checked, and the same address is connected to. A resolver that changes its answer
between a check and a connection gains nothing, because there is one lookup.

    httpcore.ConnectError
    ├── NoAddressError         the name has no address
    ├── RefusedAddressError    none of its addresses is public
    └── TlsError               the certificate or the encryption is not valid
    httpcore.ReadError
    └── UnansweredError        the server closed the connection without a byte of an answer
"""

import asyncio
import ipaddress
import socket
import ssl
import weakref
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpcore

# Networks of the special-purpose registries of IANA (RFC 6890 and its updates) that are no part of the public net, and
# one address that answers inside a cloud alone. Where metadata services live is in them: 169.254.169.254,
# 100.100.100.200, 192.0.0.192.
CLOSED_IPV4 = tuple(map(ipaddress.IPv4Network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
)))  # fmt: skip
# Global unicast; all else is loopback, link-local, unique local (fd00:ec2::254 too), multicast or not given out.
OPEN_IPV6 = ipaddress.IPv6Network("2000::/3")
# Protocol assignments with Teredo, documentation, 6to4: the tunnels can carry any IPv4 address, and nobody needs them.
CLOSED_IPV6 = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# A name with more addresses is a cluster; further ones would only use up the time of the request.
MAX_ADDRESSES = 4
LOOKUPS_AT_ONCE = 32


class NoAddressError(httpcore.ConnectError):
    """The name has no address."""


class RefusedAddressError(httpcore.ConnectError):
    """None of the addresses of the name is public."""


class TlsError(httpcore.ConnectError):
    """The certificate or the encryption of the server is not valid; the message is the reason OpenSSL gives."""


class UnansweredError(httpcore.ReadError):
    """The server closed the connection without a byte of an answer."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public net; False for what is no IP address.

    IPv4 inside IPv6 (mapped, NAT64) is as public as the IPv4 address; 6to4 and Teredo never are.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None and parsed not in NAT64:
            return parsed in OPEN_IPV6 and not any(parsed in network for network in CLOSED_IPV6)
        parsed = ipaddress.IPv4Address(int(parsed) & 0xFFFF_FFFF)
    return not any(parsed in network for network in CLOSED_IPV4)


class GuardedStream(httpcore.AsyncNetworkStream):
    """A connection that says why it fails by the type of its errors, and what it has read for the request at hand."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, *, peer: str, address: str) -> None:
        self._stream = stream
        self.peer = peer
        self.address = address
        self._is_asking = False
        self.n_read_bytes = 0
        self.is_ended = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes; none when the server closed the connection after some of its answer."""
        try:
            data = await self._stream.read(max_bytes, timeout)
        except ssl.SSLError as error:
            raise TlsError(tls_reason(error)) from error
        except httpcore.ReadError as error:
            if self.n_read_bytes == 0:
                raise UnansweredError("broken off without an answer") from error
            raise
        if not data and self.n_read_bytes == 0:
            raise UnansweredError("closed without an answer")
        self._is_asking = False
        self.n_read_bytes += len(data)
        self.is_ended = not data
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Nothing; the bytes are sent. The first ones after a read begin a new count of bytes read."""
        if buffer and not self._is_asking:
            self._is_asking, self.n_read_bytes = True, 0
        try:
            await self._stream.write(buffer, timeout)
        except ssl.SSLError as error:
            raise TlsError(tls_reason(error)) from error

    async def aclose(self) -> None:
        """Nothing; the connection is closed."""
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """The same connection, encrypted; raises TlsError where the certificate does not hold."""
        try:
            self._stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except httpcore.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLError):
                raise TlsError(tls_reason(error.__cause__)) from error
            raise
        except ValueError as error:  # a host that can be no name in a certificate, as one that begins with a dot
            raise TlsError("the host is no name that a certificate could bear") from error
        return self

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a stream: `ssl_object`, `server_addr`, `is_readable`."""
        return self._stream.get_extra_info(info)


def tls_reason(error: ssl.SSLError) -> str:
    """Why a certificate or an encryption does not hold, in OpenSSL's words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or "the encryption failed").replace("_", " ").lower()


class AddressGuard(httpcore.AsyncNetworkBackend):
    """Opens connections to public addresses alone.

    `named_hosts` leads exact pairs `host:port` to an IP address without asking a resolver: how tests reach loopback.
    UNIX sockets are refused, and nothing reads the environment.
    """

    def __init__(self, *, named_hosts: Mapping[str, str] | None = None) -> None:
        self._named_hosts = dict(named_hosts or {})
        self._backend = httpcore.AnyIOBackend()
        self._streams: weakref.WeakSet[GuardedStream] = weakref.WeakSet()
        # Threads of its own: the event loop's are few (six on two cores), and a name whose servers are silent holds
        # one for half a minute.
        self._lookups = ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="lookup")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first public address of the host that answers; `timeout` is for all of it."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._addresses(host, port)
                share_s = None if timeout is None else timeout / len(addresses)
                stream, address = await self._connect(addresses, port, share_s, socket_options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"no connection within {timeout} s") from error
        guarded = GuardedStream(stream, peer=f"{host}:{port}", address=address)
        self._streams.add(guarded)
        return guarded

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never anything: raises RefusedAddressError."""
        raise RefusedAddressError("a UNIX socket is no public address")

    async def sleep(self, seconds: float) -> None:
        """Nothing, after some seconds."""
        await asyncio.sleep(seconds)

    def close(self) -> None:
        """Nothing; names are no longer looked up. Lookups under way are not waited for."""
        self._lookups.shutdown(wait=False, cancel_futures=True)

    async def close_all_to(self, peer: str) -> None:
        """Nothing; the open connections to `host:port` are closed, and requests on them fail."""
        for stream in [stream for stream in self._streams if stream.peer == peer]:
            await stream.aclose()

    async def _connect(
        self,
        addresses: list[str],
        port: int,
        share_s: float | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> tuple[httpcore.AsyncNetworkStream, str]:
        *first, last = addresses
        for address in first:
            try:
                return await self._backend.connect_tcp(address, port, share_s, None, socket_options), address
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._backend.connect_tcp(last, port, share_s, None, socket_options), last

    async def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses that may be connected to, in the resolver's order."""
        named = self._named_hosts.get(f"{host}:{port}")
        if named is not None:
            return [named]
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self._lookups, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
            )
        except (socket.gaierror, UnicodeError) as error:  # UnicodeError: a label that is empty or too long
            raise NoAddressError("the host has no address") from error
        addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
        public = [address for address in addresses if is_public(address)]
        if not public:
            raise RefusedAddressError("the host has no public address")
        return public[:MAX_ADDRESSES]
