"""What a feed, a sitemap, a list or a section page gave, and how its links and texts are read."""

import html
import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from tld import get_fld

from tasks.records.fetches import FoundUrl

MAX_TITLE_CHARS = 1_000
# Servers refuse from some 8,000 on; what is longer still is junk that would only take memory.
MAX_URL_CHARS = 20_000
TAG = re.compile(r"</?[A-Za-z][^<>]{0,1000}>")
BREAKS = str.maketrans("", "", "\t\r\n\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The URLs that one answer names, in its order, each once, and what it says of itself.

    `next_urls` are further pages of the same feed. `n_left_out` counts entries without an address that may be asked
    for: none at all, another scheme than http(s), another site where only its own may be named, one named before.
    `error` is one clause saying why nothing, or not all, could be read; None when all was.
    """

    items: tuple[FoundUrl, ...] = ()
    next_urls: tuple[str, ...] = ()
    title: str | None = None
    ttl_s: int | None = None
    n_left_out: int = 0
    error: str | None = None


def web_url(link: str | None, *, base: str) -> str | None:
    """The absolute http(s) address of a link, without its fragment, or None when it is none.

    Line breaks and tabs inside are dropped, as browsers do; nothing else is cleaned.
    """
    bare = (link or "").translate(BREAKS).strip()
    if not bare or len(bare) > MAX_URL_CHARS:
        return None
    try:
        joined = urljoin(base, bare).partition("#")[0]
        parsed = urlsplit(joined)
        is_web = parsed.scheme in ("http", "https") and bool(parsed.hostname)
    except ValueError:  # brackets that are no IPv6 address, a host that changes under NFKC
        return None
    return joined if is_web else None


@lru_cache(maxsize=4_096)
def site_of_host(host: str) -> str:
    """The registered domain of a host; the host itself for an IP address; its last two labels under no known suffix."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    domain = get_fld(f"http://{host}/", fail_silently=True, search_private=True) if host else None
    return str(domain) if domain else ".".join(host.split(".")[-2:])


def host_of(url: str) -> str:
    """The host of an address in lower case; empty when it has none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_same_site(url: str, other: str) -> bool:
    """Whether two addresses are of one registered domain."""
    host, other_host = host_of(url), host_of(other)
    return host == other_host or site_of_host(host) == site_of_host(other_host)


def plain_text(text: str | None, *, is_markup: bool) -> str | None:
    """A title in one line of plain text, at most MAX_TITLE_CHARS; None when nothing remains."""
    if is_markup and text and ("<" in text or "&" in text):
        # Tags may themselves be escaped once more.
        text = html.unescape(TAG.sub(" ", html.unescape(TAG.sub(" ", text))))
    folded = " ".join((text or "").split())
    return folded[:MAX_TITLE_CHARS].strip() or None


class Collector:
    """Gathers found URLs, each once, up to a number of them; counts what is left out."""

    def __init__(self, *, max_items: int) -> None:
        self._items: dict[str, FoundUrl] = {}
        self._max_items = max_items
        self.n_left_out = 0

    def add(self, found: FoundUrl | None) -> None:
        """Keeps an item whose URL was not seen before; None counts as left out."""
        if found is None or found.url in self._items:
            self.n_left_out += 1
        else:
            self._items[found.url] = found

    @property
    def is_full(self) -> bool:
        """Whether no more are taken; what was left out was taken too."""
        return len(self._items) + self.n_left_out >= self._max_items

    @property
    def items(self) -> tuple[FoundUrl, ...]:
        """What was gathered, in order."""
        return tuple(self._items.values())
