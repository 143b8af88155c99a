"""Text as the `text` column holds it: NFC, paragraphs on lines of their own, nothing that does not show."""

import re
import unicodedata

SPACES = re.compile(r"[^\S\n]+")
# Controls, and signs that mark direction or breaks; zero-width joiners stay, Persian spells with them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]+"
)
LINE_BREAKS = re.compile("[\n\r\x0b\x0c\x85\u2028\u2029]")


def paragraphs(text: str) -> list[str]:
    """The lines of a text that show something: NFC, trimmed, one space between words, no controls."""
    normal = unicodedata.normalize("NFC", INVISIBLE.sub("", text))
    return [line for raw in LINE_BREAKS.split(normal) if (line := SPACES.sub(" ", raw).strip())]
