"""Addresses: cleaned of tracking, the canonical one of a page, its registered domain, its id."""

import hashlib
import ipaddress
import re
from datetime import UTC, datetime
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from tld import get_fld

PAGE_ID_HEX = 32
DEFAULT_PORTS = {"http": 80, "https": 443}

# Parameters that say how a reader came, never which page it is. `sid`, `cid`, `source`, `ref`, `id`, `p` name pages on
# real sites and stay (facts/peers.md: stripping them merges different pages).
TRACKING_PREFIXES = (
    "utm_", "at_", "pk_", "mtm_", "matomo_", "piwik_", "ns_", "hsa_", "mc_cid", "mc_eid", "fb_action", "fb_ref",
    "fb_source", "guce_", "__cf_chl_", "_x_tr_", "aspsessionid", "vero_", "oly_", "wt.mc", "wt_mc", "itm_",
)  # fmt: skip
_TRACKING = (
    "fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid twclid ttclid igshid igsh li_fat_id epik srsltid "
    "_ga _gl _hsenc _hsmi hsctatracking mkt_tok wickedid xtor ocid cmpid icid ncid smid s_cid guccounter _openstat "
    "__twitter_impression cvid ftag wtmc"
)
_SESSIONS = "phpsessid jsessionid asp.net_sessionid cfid cftoken sessionid session_id sessid zenid oscsid"
# `sort` orders a list, it names no page.
TRACKING_NAMES = frozenset([*_TRACKING.split(), *_SESSIONS.split(), "sort"])
PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sessionid)=[^/;?#]*", re.IGNORECASE)

WEB_ARCHIVE = re.compile(r"https?://web\.archive\.org/web/(\d{14})(?:[a-z]{2}_)?(?:/(?:https?://)?(?P<shown>.+))?")
SCHEME = re.compile(r"https?://", re.IGNORECASE)
CONTROL_OR_SPACE = re.compile(r"[\x00-\x20\x7f-\xa0\u2000-\u200f\u2028-\u202f\u2060\ufeff]+")
PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?")
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
SAFE_IN_PATH = "/%!$&'()*+,;=:@~-._"
SAFE_IN_QUERY = SAFE_IN_PATH + "?"


def warm_up_domains() -> None:
    """Nothing; afterwards the list of public suffixes is in memory."""
    get_fld("https://example.org/", fail_silently=True)


def _normal_percent(part: str, safe: str) -> str:
    def fold(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char in UNRESERVED else match[0].upper()

    return quote(PERCENT.sub(fold, STRAY_PERCENT.sub("%25", part)), safe=safe, errors="replace")


def _without_dot_segments(path: str) -> str:
    """The path with `.` and `..` resolved (RFC 3986, 5.2.4), a leading `/..` dropped."""
    segments: list[str] = []
    parts = path.split("/")
    for part in parts[1:]:
        if part == "..":
            if segments:
                segments.pop()
        elif part != ".":
            segments.append(part)
    if parts[-1] in (".", ".."):
        segments.append("")
    return "/" + "/".join(segments)


def _is_tracking(name: str) -> bool:
    folded = name.casefold()
    return folded in TRACKING_NAMES or folded.startswith(TRACKING_PREFIXES)


def _clean_query(query: str) -> str:
    """The query without tracking, sorted by name; equal names keep their order, pieces without `=` too."""
    pieces = [_normal_percent(piece, SAFE_IN_QUERY) for piece in query.split("&") if piece]
    kept = [piece for piece in pieces if not _is_tracking(piece.partition("=")[0])]
    return "&".join(sorted(kept, key=lambda piece: piece.partition("=")[0]))


def _host(parsed: SplitResult) -> str | None:
    """The host in lower-case ASCII (IDN as punycode), or None when it is none."""
    host = parsed.hostname or ""
    if ":" in host:
        return f"[{ipaddress.IPv6Address(host)}]"
    host = host.rstrip(".")
    if not host.isascii():
        host = host.encode("idna").decode("ascii").lower()
    return host if HOST.fullmatch(host) and ".." not in host else None


def _clean_parsed(parsed: SplitResult) -> str | None:
    host, port = _host(parsed), parsed.port
    if host is None:
        return None
    scheme = parsed.scheme.lower()
    netloc = host if port in (None, DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    path = _normal_percent(PATH_SESSION.sub("", parsed.path), SAFE_IN_PATH)
    return urlunsplit((scheme, netloc, _without_dot_segments(path), _clean_query(parsed.query), ""))


def clean_url(url: str | None) -> str | None:
    """The address without tracking, session ids and fragment, in one normal form; None when it is no web address.

    Host in lower case and punycode, default port and credentials gone, percent-encoding normalised, query sorted by
    name. Path and values keep their case. Idempotent; own code because courlan strips `sid`, `cid`, `ref` and `source`.
    """
    if not url:
        return None
    url = CONTROL_OR_SPACE.sub(lambda match: "%20" * (match.start() > 0 and match.end() < len(match.string)), url)
    if not SCHEME.match(url):
        return None
    try:
        return _clean_parsed(urlsplit(url.replace("\\", "/")))
    except ValueError:  # a port that is no number, brackets that are no IPv6 address, a label IDNA refuses
        return None


def site_of(url: str | None) -> str | None:
    """The registered domain of an address (`bbc.co.uk`); the host itself for an IP address; None when there is none.

    Blogs of one host are sites of their own (`a.blogspot.com`), by the private part of the public suffix list. What the
    Web Archive shows is of the site it was captured from. Under a suffix that is on no list (`.example`) the last two
    labels.
    """
    captured = WEB_ARCHIVE.match(url) if url else None
    cleaned = clean_url(f"http://{captured['shown']}" if captured and captured["shown"] else url)
    if cleaned is None:
        return None
    host = urlsplit(cleaned).hostname or ""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    domain = get_fld(cleaned, fail_silently=True, search_private=True)
    return str(domain) if domain else ".".join(host.split(".")[-2:])


def _is_root(url: str) -> bool:
    parsed = urlsplit(url)
    return parsed.path in ("", "/") and not parsed.query


def _resolve(url: str | None, link: str | None) -> str | None:
    if not link:
        return None
    try:
        return clean_url(urljoin(url or "", CONTROL_OR_SPACE.sub("", link)))
    except ValueError:  # brackets that are no IPv6 address
        return None


def canonical_url(url: str | None, link: str | None) -> str | None:
    """The cleaned address of a page: its own canonical link where that can be believed, else the one it was fetched by.

    A link is believed on the same registered domain, and not when it points to the bare root from elsewhere. Relative
    links are resolved. A page without address (a saved file) is believed. None when there is neither.
    """
    own, linked = clean_url(url), _resolve(url, link)
    if linked is None or (own is None and _is_root(linked)):
        return own
    if own is None:
        return linked
    if site_of(linked) != site_of(own) or (_is_root(linked) and not _is_root(own)):
        return own
    return linked


def captured_at(url: str | None) -> datetime | None:
    """When the Web Archive captured what this address of it shows, or None for any other address."""
    match = WEB_ARCHIVE.match(url) if url else None
    try:
        return datetime.strptime(match[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if match else None
    except ValueError:
        return None


def page_id(*, canonical_url: str | None, url: str | None, raw_path: str) -> str:
    """First 32 hex of sha256 over canonical_url, else url, else raw_path: one page over time."""
    key = canonical_url or url or raw_path
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:PAGE_ID_HEX]
