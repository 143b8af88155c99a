"""Asking for one URL, over its redirects, and how it ended.

Nothing is kept between requests but connections: no cookies (what a server sets stays in the archive, in the head of
its answer, and is never sent back), no credentials (a URL's user and password are left out of the request, of what
comes back and of every message). Nothing is read from the environment; there are no proxies.
"""

import email.utils
import re
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx

from tasks.acquire.addresses import AddressGuard
from tasks.acquire.transport import FetchLimits, RequestFailed, Transport, request_block
from tasks.records.errors import ContractError
from tasks.records.fetches import Answer, Exchange

MAX_URL_CHARS = 8_192
MAX_HOST_CHARS = 253
MAX_PORT = 65_535
ACCEPT_ENCODING = "gzip, deflate, br, zstd"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NOT_MODIFIED = 304
OUTCOME_OF_STATUS = {
    200: "fetched",
    NOT_MODIFIED: "unchanged",
    404: "gone",
    410: "gone",
    **dict.fromkeys((401, 402, 403, 405, 406, 407, 451), "blocked"),
    429: "overloaded",
    503: "overloaded",
}
CONDITIONS = frozenset({b"if-none-match", b"if-modified-since"})
# What a caller may not say: who we are to the server is nobody, and the rest is this room's own.
CLOSED_HEADERS = frozenset({"cookie", "authorization", "proxy-authorization", "host", "user-agent", "accept-encoding"})
MAX_RETRY_AFTER_S = 86_400.0
MAX_RETRY_AFTER_CHARS = 64
# At the start of a URL, what stands between the slashes and the last @ of the authority.
CREDENTIALS = re.compile(r"\A([^/?#]{0,16}//)[^/?#]*@")
SECONDS = re.compile(r"[0-9]{1,20}")

# What is entered before a request and left after its answer: it yields an outcome that ends the fetch, or a function to
# call when the answer begins, or None.
Before = Callable[[str], AbstractAsyncContextManager[str | Callable[[], None] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """How a chain of requests ended."""

    outcome: str
    detail: str | None = None
    retry_after_s: float | None = None
    led_to: str | None = None


class Fetcher:
    """Fetches URLs: redirects, limits, outcomes. An async context manager, for one event loop.

    `named_hosts` leads `host:port` to an IP address (tests); `ssl_context` replaces the certificate authorities of
    certifi. It makes as many requests at once as it is asked to; turns are handed out elsewhere.
    """

    def __init__(
        self,
        limits: FetchLimits,
        *,
        named_hosts: Mapping[str, str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._limits = limits
        self._transport = Transport(
            guard=AddressGuard(named_hosts=named_hosts),
            ssl_context=ssl_context or httpx.create_ssl_context(trust_env=False),
            keepalive_connections=limits.keepalive_connections,
            keepalive_s=limits.keepalive_s,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    async def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        before: Before | None = None,
    ) -> Answer:
        """How asking for a URL ended; what the network does is an outcome, never an exception.

        `headers` go with each hop (If-None-Match, If-Modified-Since). `before` is entered for each hop with its URL.
        """
        exchanges: list[Exchange] = []
        end = await self._follow(
            url,
            fields=self._fields(headers or {}),
            max_bytes=self._limits.max_bytes if max_bytes is None else max_bytes,
            before=before or _at_once,
            exchanges=exchanges,
        )
        return Answer(
            url=without_credentials(url),
            outcome=end.outcome,
            detail=end.detail,
            exchanges=tuple(exchanges),
            retry_after_s=end.retry_after_s,
            led_to=end.led_to,
        )

    async def _follow(
        self,
        url: str,
        *,
        fields: list[tuple[bytes, bytes]],
        max_bytes: int,
        before: Before,
        exchanges: list[Exchange],
    ) -> _End:
        """How a URL and its redirects end; whole answers are added to `exchanges`."""
        seen, hop = set[str](), url
        try:
            for _ in range(self._limits.max_redirects + 1):
                asked = to_request_url(hop)
                if str(asked) in seen:
                    return _End(outcome="loop", detail="redirects go in a circle")
                seen.add(str(asked))
                step = await self._turn(asked, [(b"Host", asked.netloc), *fields], max_bytes, before)
                if isinstance(step, _End):
                    return replace(step, led_to=str(asked) if exchanges else None)
                exchanges.append(step)
                target = redirect_target(step)
                if target is None:
                    return _end_of(step, is_conditional=any(name.lower() in CONDITIONS for name, _ in fields))
                hop = target
        except RequestFailed as failure:
            return _End(outcome=failure.outcome, detail=failure.detail)
        return _End(outcome="loop", detail=f"more than {self._limits.max_redirects} redirects")

    async def _turn(
        self, url: httpx.URL, fields: list[tuple[bytes, bytes]], max_bytes: int, before: Before
    ) -> Exchange | _End:
        """One hop. Whoever hands out turns sees no error of the network: what it says after its yield is done."""
        async with before(str(url)) as turn:
            if isinstance(turn, str):
                return _End(outcome=turn)
            try:
                return await self._ask(url, fields, max_bytes, turn or _nothing)
            except RequestFailed as failure:
                return _End(outcome=failure.outcome, detail=failure.detail)

    async def _ask(
        self, url: httpx.URL, fields: list[tuple[bytes, bytes]], max_bytes: int, answered: Callable[[], None]
    ) -> Exchange:
        requested_at = datetime.now(UTC)
        reply = await self._transport.get(
            url, headers=fields, limits=self._limits, max_bytes=max_bytes, answered=answered
        )
        return Exchange(
            url=str(url),
            requested_at=requested_at,
            answered_at=datetime.now(UTC),
            address=reply.address,
            status=reply.status,
            headers=reply.headers,
            request_head=request_block(url, fields),
            response_head=reply.head,
            body=reply.body,
        )

    def _fields(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        """The header fields of each request but Host; raises ContractError for those that no caller may set."""
        closed = CLOSED_HEADERS.intersection(map(str.lower, headers))
        if closed:
            raise ContractError(f"headers {', '.join(sorted(closed))} are not for a caller of fetch to set")
        own = {
            "User-Agent": self._limits.user_agent,
            "Accept": self._limits.accept,
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        if self._limits.accept_language is not None:
            own["Accept-Language"] = self._limits.accept_language
        given = {name.lower() for name in headers}
        fields = {name: value for name, value in own.items() if name.lower() not in given} | dict(headers)
        # An ETag that a server gave may hold bytes beyond ASCII; they were read as Latin-1.
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in fields.items()]


def _at_once(url: str) -> AbstractAsyncContextManager[None]:
    return nullcontext()


def _nothing() -> None:
    return None


def _end_of(exchange: Exchange, *, is_conditional: bool) -> _End:
    """What the status of the last answer means."""
    status = exchange.status
    outcome = OUTCOME_OF_STATUS.get(status, "http_status")
    if status == NOT_MODIFIED and not is_conditional:
        outcome = "http_status"  # nothing was asked that could be unchanged
    if outcome in ("fetched", "unchanged"):
        return _End(outcome=outcome)
    wait_s = retry_after_s(exchange.header("retry-after"), now=exchange.answered_at)
    return _End(outcome=outcome, detail=f"status {status}", retry_after_s=wait_s if outcome == "overloaded" else None)


def to_request_url(url: str) -> httpx.URL:
    """The URL as it is asked for: host in punycode, path and query percent-encoded, without credentials and fragment.

    Raises RequestFailed (`bad_url`) for what is no http or https URL, holds control characters, or is longer than
    8,192 characters once encoded, which is what servers take.
    """
    if len(url) > MAX_URL_CHARS:
        raise RequestFailed("bad_url", f"longer than {MAX_URL_CHARS} characters")
    try:
        parsed = httpx.URL(without_credentials(url.strip())).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError) as error:  # ValueError: a half of a surrogate pair
        raise RequestFailed("bad_url", "no URL can be read from it") from error
    if parsed.scheme not in ("http", "https") or not parsed.raw_host or parsed.userinfo:
        raise RequestFailed("bad_url", "no http or https URL with a host")
    is_port = parsed.port is None or 0 < parsed.port <= MAX_PORT
    if len(parsed.raw_host) > MAX_HOST_CHARS or not is_port:
        raise RequestFailed("bad_url", "its host is too long or its port out of range")
    if len(str(parsed)) > MAX_URL_CHARS:
        raise RequestFailed("bad_url", f"longer than {MAX_URL_CHARS} characters once it is encoded")
    return parsed


def without_credentials(url: str) -> str:
    """The URL without user and password."""
    return CREDENTIALS.sub(r"\1", url)


def redirect_target(exchange: Exchange) -> str | None:
    """Where an answer redirects to, as an absolute URL if it is one; None where it does not redirect."""
    location = next((value.strip() for name, value in exchange.headers if name == "location"), "")
    if exchange.status not in REDIRECTS or not location:
        return None
    with suppress(UnicodeDecodeError):  # servers write UTF-8 there, against the letter of HTTP
        location = location.encode("latin-1").decode("utf-8")
    try:
        return urljoin(exchange.url, location)
    except ValueError as error:  # brackets that are no IPv6 address
        raise RequestFailed("bad_url", "redirects to what is no URL") from error


def retry_after_s(value: str | None, *, now: datetime) -> float | None:
    """The seconds that a Retry-After asks for, within a day; None where it is absent or unreadable."""
    if value is None or len(value) > MAX_RETRY_AFTER_CHARS:
        return None
    if SECONDS.fullmatch(value.strip()):
        return min(float(value), MAX_RETRY_AFTER_S)
    try:
        at = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)
