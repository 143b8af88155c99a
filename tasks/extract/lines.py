"""Text as the `text` column holds it: NFC, paragraphs on lines of their own, nothing that does not show."""

import re
import unicodedata

SPACES = re.compile(r"[^\S\n]+")
# Controls, and signs that mark direction or breaks; zero-width joiners stay, Persian spells with them.
INVISIBLE = dict.fromkeys(
    (
        *(*range(0x00, 0x09), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0)),
        *(0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A)),
        *(0xFEFF, *range(0xFFF9, 0xFFFC)),
    )
)
LINE_BREAKS = str.maketrans({"\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"})


def paragraphs(text: str) -> list[str]:
    """The lines of a text that show something: NFC, trimmed, one space between words, no controls."""
    normal = unicodedata.normalize("NFC", text.translate(LINE_BREAKS).translate(INVISIBLE))
    return [line for raw in normal.split("\n") if (line := SPACES.sub(" ", raw).strip())]
