"""Text as the `text` column holds it: NFC, paragraphs on lines of their own, nothing that does not show."""

import re
import unicodedata

# Controls, and signs that mark direction or breaks; zero-width joiners stay, Persian spells with them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]+"
)


def paragraphs(text: str) -> list[str]:
    """The lines of a text that show something: NFC, trimmed, one space between words, no controls."""
    # Most lines hold nothing that does not show; Python knows it faster than the expression finds it.
    shown = "\n".join(line if line.isprintable() else INVISIBLE.sub("", line) for line in text.split("\n"))
    # `splitlines` breaks where `str.split` finds white space and nowhere else, once the controls are gone.
    lines = unicodedata.normalize("NFC", shown).splitlines()
    return [line for raw in lines if (line := " ".join(raw.split()))]


def n_chars(lines: list[str]) -> int:
    """Characters of some lines together."""
    return sum(map(len, lines))
