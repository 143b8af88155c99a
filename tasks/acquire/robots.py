"""robots.txt by RFC 9309: what one host allows, how fast, and where its sitemaps lie."""

from dataclasses import dataclass, field
from typing import Literal

from protego import Protego

from tasks.acquire.encodings import codec_of
from tasks.acquire.found import web_url

# RFC 9309, 2.5: at least 500 KiB are to be read; what comes after them is not.
MAX_ROBOTS_BYTES = 500 * 1024
MAX_DELAY_S = 300.0
MAX_SITEMAPS = 1_000
MAX_LINE_CHARS = 4_096
OTHER_AGENT = "User-agent: agent-of-others"
AGENT_FIELDS = ("user-agent", "useragent", "user agent")
# What begins a line of a group, with the misspellings that Protego knows. RFC 9309, 2.2.4: no other line may part one,
# but Protego lets each do so.
RULE_FIELDS = (*AGENT_FIELDS, "allow", "dis", "diasllow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """The rules of one host, as its robots.txt was answered.

    `verdict`: `rules` where there is a file; `all` where the server says that there is none (RFC 9309, 2.3.1.3), which
    allows everything; `none` where that could not be found out (2.3.1.4), which forbids everything for now.
    """

    verdict: Literal["rules", "all", "none"]
    sitemaps: tuple[str, ...] = ()
    _lines: tuple[str, ...] = ()
    _by_agent: dict[str, tuple[Protego, Protego]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def parse(cls, status: int | None, body: bytes = b"", *, url: str) -> "Robots":
        """The rules that an answer gives. `status` is of the last answer after redirects, None where none came.

        2xx: at most MAX_ROBOTS_BYTES of the body, to the last whole line; HTML in its place is no rule. 429 is no
        statement that there is no file, and counts as 5xx; other 4xx, and redirects without end, allow all.
        """
        if status is None or status >= 500 or status == 429 or status < 200:
            return cls(verdict="none")
        if status >= 300:
            return cls(verdict="all")
        lines = _lines(body)
        stated = (web_url(link, base=url) for link in Protego.parse("\n".join(_only_sitemaps(lines))).sitemaps)
        sitemaps = tuple(dict.fromkeys(link for link in stated if link))[:MAX_SITEMAPS]
        return cls(verdict="rules", sitemaps=sitemaps, _lines=lines)

    def may_fetch(self, url: str, user_agent: str) -> bool:
        """Whether the product token `user_agent` may ask for an address of this host."""
        if self.verdict != "rules":
            return self.verdict == "all"
        try:
            return bool(self._of_agent(user_agent)[0].can_fetch(url, user_agent))
        except ValueError:  # an address that urlsplit refuses
            return False

    def delay_s(self, user_agent: str) -> float | None:
        """The seconds between two requests that the host asks for, at most MAX_DELAY_S; None where it asks for none."""
        if self.verdict != "rules":
            return None
        rules = self._of_agent(user_agent)[1]
        delay, rate = rules.crawl_delay(user_agent), rules.request_rate(user_agent)
        stated = [float(delay)] if delay is not None else []
        if rate is not None:
            stated.append(min(rate.seconds, 10**9) / min(rate.requests, 10**9))
        return min(max(stated), MAX_DELAY_S) if stated else None

    def _of_agent(self, user_agent: str) -> tuple[Protego, Protego]:
        """What one agent may fetch, and all that the file says of it.

        Those for others are made one group: Protego gives every agent of a group its own copy of every rule, which
        500 KiB can make a billion.
        """
        token = user_agent.lower()
        if token not in self._by_agent:
            lines = [_for_agent(line, token) for line in self._lines]
            rules = (line for line in lines if line.lower().startswith(RULE_FIELDS))
            self._by_agent[token] = (Protego.parse("\n".join(rules)), Protego.parse("\n".join(lines)))
        return self._by_agent[token]


def _lines(body: bytes) -> tuple[str, ...]:
    cut = body[:MAX_ROBOTS_BYTES]
    text = cut.decode(codec_of(cut), "replace").removeprefix("\ufeff").replace("\0", "")
    if text.lstrip()[:1] == "<":
        return ()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    # A path that the cut shortened would forbid, or allow, more than was meant.
    whole = lines[:-1] if len(body) > MAX_ROBOTS_BYTES else lines
    return tuple(line.partition("#")[0].strip()[:MAX_LINE_CHARS] for line in whole)


def _only_sitemaps(lines: tuple[str, ...]) -> list[str]:
    return [line for line in lines if line[:4].lower() == "site"]


def _for_agent(line: str, token: str) -> str:
    """The line, or, where it names an agent that is neither `*` nor this one, a line that names another."""
    folded = line.lower()
    name = next((agent for agent in AGENT_FIELDS if folded.startswith(agent)), None)
    if name is None:
        return line
    agent = folded[len(name) :].lstrip(" \t:").strip()
    return line if agent == "*" or agent.replace("*", "") in token else OTHER_AGENT
