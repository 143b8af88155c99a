"""MHTML: a page saved by a browser, a MIME message whose root part is the HTML (RFC 2557)."""

import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class SavedPage:
    """The HTML of a saved page, unpacked, and what the message states of it."""

    html: bytes
    charset: str | None
    url: str | None
    saved_at: datetime | None


def parse_mhtml(content: bytes) -> SavedPage | None:
    """The root part of a message; None where it has no HTML part.

    The root is the part that `start` names, else the first; where that is none, the first HTML part.
    """
    try:
        message = BytesParser(policy=email.policy.compat32).parsebytes(content)
        leaves = [part for part in message.walk() if part.get_content_type() in ("text/html", "application/xhtml+xml")]
        if not leaves:
            return None
        start = message.get_param("start")
        root = next((part for part in leaves if start and part.get("Content-ID") == start), leaves[0])
        html = root.get_payload(decode=True)
        charset = root.get_content_charset()
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):  # what broken MIME raises there
        return None
    url = _address(root, "Content-Location") or _address(message, "Snapshot-Content-Location")
    return SavedPage(html, charset, url, _date(message)) if isinstance(html, bytes) else None


def _address(part: Message, name: str) -> str | None:
    value = "".join(str(part.get(name) or "").split())
    return value if value.lower().startswith(("http:", "https:")) else None


def _date(message: Message) -> datetime | None:
    try:
        date = parsedate_to_datetime(str(message.get("Date") or ""))
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
