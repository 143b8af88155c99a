"""ARC 1 and 2, the Internet Archive's format before WARC: a header line, then as many bytes as its last field says."""

import re

from tasks.raw.streams import BrokenRecord, TornRecord, Window

MAX_LINE_BYTES = 16 * 1024
# URL (which may hold spaces), IP, date, type, in version 2 five fields more, length.
FIELDS = (
    rb"([a-zA-Z][a-zA-Z0-9+.\-]{1,20}:[^\r\n]{0,8000}?) \S{1,64} (\d{8,18}) (\S{1,200})"
    rb"(?: \S{1,200} \S{1,200} \S{1,8000} \d{1,19} \S{1,1000})? (\d{1,18})[ \t]*\r?\n"
)
DATE = re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")


class ArcFormat:
    """Reads the header line of a record and gives it as the head of a WARC record."""

    overlap_bytes = MAX_LINE_BYTES
    line = re.compile(rb"\n(?=" + FIELDS + rb")")
    begins = re.compile(FIELDS.partition(rb"[^")[0] + rb")")
    _header = re.compile(FIELDS)

    def may_begin(self, window: Window, at: int) -> bool:
        """Whether a header line, as far as it is held, begins at `at`."""
        end = window.buffer.find(b"\n", at)
        if end < 0:
            return window.fill(at + MAX_LINE_BYTES) - at < MAX_LINE_BYTES and b"\n" not in window.buffer[at:]
        return self._header.match(window.buffer, at) is not None

    def head(self, window: Window) -> tuple[int, bytes, int]:
        """Bytes of the header line, the same facts as the head of a WARC record, length of the body."""
        while (end := window.buffer.find(b"\n", 0, MAX_LINE_BYTES)) < 0:
            n_held = len(window.buffer)
            if n_held >= MAX_LINE_BYTES:
                raise BrokenRecord("no ARC header line")
            if window.fill(n_held + 1) == n_held:
                raise TornRecord("the header does not end")
        found = self._header.match(window.buffer, 0, end + 1)
        if found is None:
            raise BrokenRecord("no ARC header line")
        url, date, media_type, length = found.groups()
        return end + 1, _warc_head(url, date, media_type), int(length)


def _warc_head(url: bytes, date: bytes, media_type: bytes) -> bytes:
    kind, content_type = b"resource", media_type
    if url.lower().startswith((b"http:", b"https:")):
        kind, content_type = b"response", b"application/http; msgtype=response"
    elif url.lower().startswith(b"filedesc:"):
        kind = b"warcinfo"
    lines = [b"WARC/1.0", b"WARC-Type: " + kind, b"WARC-Target-URI: " + url, b"Content-Type: " + content_type]
    if stamp := DATE.match(date):
        lines.append(b"WARC-Date: %s-%s-%sT%s:%s:%sZ" % stamp.groups())
    return b"\r\n".join([*lines, b"Content-Length: 0", b"", b""])
