"""A proposal for an outlet's entry: its home page and robots.txt are asked for, then what may be its start points."""

import asyncio
from collections.abc import Sequence

from config.settings import Settings
from config.sources import StartKind, propose_entry
from tasks.acquire.discovery import Candidate, Discovery, discover
from tasks.acquire.feeds import parse_feed
from tasks.acquire.fetcher import Fetcher
from tasks.acquire.robots import Robots
from tasks.acquire.sitemaps import parse_sitemap
from tasks.acquire.transport import FetchLimits
from tasks.extract.urls import clean_url
from tasks.fetch.fetching import PRODUCT, user_agent
from tasks.fetch.payloads import MAX_START_BYTES, body_of
from tasks.fetch.robots_book import origin_of
from tasks.raw.meta import charset_in
from tasks.records.errors import UsageError
from tasks.records.fetches import Answer

# Candidates that are asked for, one after another, and start points that are proposed.
MAX_ASKED, MAX_PROPOSED = 16, 6
PAUSE_S = 1.0
MAX_HOME_BYTES = 10_000_000


def propose(url: str, settings: Settings) -> str:
    """The YAML text of an entry for the outlet whose home page this is.

    Raises UsageError where the page cannot be had, or nothing names a page.
    """
    cleaned = clean_url(url if "://" in url else f"https://{url}")
    if cleaned is None:
        raise UsageError(f"{url!r} is no http(s) address; name the outlet's home page, as https://example.org/")
    found, probed = asyncio.run(_explore(cleaned, settings))
    if not probed:
        raise UsageError(
            f"neither {cleaned} nor its robots.txt leads to a feed or sitemap that names pages; write an entry with "
            f"`section: {cleaned}` into {settings.sources_file}"
        )
    start: tuple[tuple[StartKind, str], ...] = tuple((one.kind, one.url) for one in probed)
    return propose_entry(name=found.name, start=start, language=found.language, country=found.country)


async def _explore(url: str, settings: Settings) -> tuple[Discovery, list[Candidate]]:
    limits = FetchLimits(user_agent=user_agent(settings), timeout_s=settings.fetch_timeout_s)
    async with Fetcher(limits, named_hosts=settings.named_hosts) as fetcher:
        stated = await fetcher.fetch(f"{origin_of(url)}/robots.txt", max_bytes=MAX_HOME_BYTES)
        status = stated.exchanges[-1].status if stated.exchanges else None
        if status is None:
            raise UsageError(f"{origin_of(url)} cannot be reached: {stated.outcome} ({stated.detail})")
        robots = Robots.parse(status, body_of(stated, max_bytes=MAX_HOME_BYTES), url=stated.final_url)
        if not robots.may_fetch(url, PRODUCT):
            raise UsageError(f"robots.txt of {origin_of(url)} forbids {PRODUCT} to ask for {url}, or has an error")
        home = await _asked(fetcher, url, max_bytes=MAX_HOME_BYTES)
        if home.outcome != "fetched":
            raise UsageError(f"{url} cannot be had: {home.outcome}{f' ({home.detail})' if home.detail else ''}")
        found = discover(
            body_of(home, max_bytes=MAX_HOME_BYTES),
            url=home.final_url,
            encoding=charset_in(home.exchanges[-1].header("content-type") or ""),
            robots_sitemaps=robots.sitemaps,
        )
        allowed = [one for one in found.candidates if robots.may_fetch(one.url, PRODUCT)]
        return found, await _probe_all(fetcher, allowed)


async def _probe_all(fetcher: Fetcher, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those of the candidates that name pages; what is only usual is asked for where nothing that is stated does."""
    probed: list[Candidate] = []
    for candidate in candidates[:MAX_ASKED]:
        if len(probed) == MAX_PROPOSED or (probed and candidate.how == "usual"):
            break
        if await _names_pages(fetcher, candidate):
            probed.append(candidate)
    return probed


async def _asked(fetcher: Fetcher, url: str, *, max_bytes: int) -> Answer:
    """The answer of a URL, a pause after the one before."""
    await asyncio.sleep(PAUSE_S)
    return await fetcher.fetch(url, max_bytes=max_bytes)


async def _names_pages(fetcher: Fetcher, candidate: Candidate) -> bool:
    answer = await _asked(fetcher, candidate.url, max_bytes=MAX_START_BYTES)
    payload = body_of(answer, max_bytes=MAX_START_BYTES)
    if not payload:
        return False
    parse = parse_feed if candidate.kind == "feed" else parse_sitemap
    return bool(parse(payload, url=answer.final_url, content_type=answer.exchanges[-1].header("content-type")).items)
