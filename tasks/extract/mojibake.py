"""UTF-8 that a tool once read as Latin-1 or windows-1252 and saved so ("cafÃ©", "â€™", "Ù…") -> what it said.

A client that takes every page without a charset for Latin-1 saves whole dumps like this; of one set of pages saved as
text, a quarter was.
"""

import re

from tasks.extract.decoding import WHOLE_PER_BREAK, decoding_table

# The byte each character stands for: windows-1252 where it has a sign of its own, else Latin-1.
BYTE_OF = {ord(char): byte for byte, char in enumerate(decoding_table("cp1252")) if ord(char) > 0xFF}
SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# The bytes A0 and 85 are white space where they are read so, and tools that tidy white space lose them: each first byte
# of two that is left alone stands for the commonest letter that ended in one of them, and the space it may close.
WIDOW = re.compile(rb"([\xc2\xc3\xd0\xd1\xd9])(?:[ \t]|(?=\n)|\Z)")
LETTER_OF_WIDOW = {b"\xc2": " ", b"\xc3": "à ", b"\xd0": "Р", b"\xd1": "х ", b"\xd9": "م"}


def mend(text: str) -> str:
    """The text read once more, as UTF-8, if that is what its bytes are; else as it came.

    Whole sequences must outnumber the breaks, as of any UTF-8 with broken bytes; what cannot be read is U+FFFD.
    """
    if text.isascii():
        return text
    read = text.translate(BYTE_OF)
    if not read.isascii() and max(read) > "\xff":
        return text
    payload = read.encode("latin-1")
    whole = len(SEQUENCE.findall(payload))
    rest = WIDOW.sub(b"", SEQUENCE.sub(b"", payload))
    if not whole or whole < WHOLE_PER_BREAK * (len(rest) - len(rest.translate(None, bytes(range(0x80, 0x100))))):
        return text
    return WIDOW.sub(lambda found: LETTER_OF_WIDOW[found[1]].encode(), payload).decode("utf-8", "replace")
