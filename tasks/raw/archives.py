"""Zip and tar files: members that are pages, or JSONL, WARC and ARC files. Nothing is ever unpacked to disk."""

import functools
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tasks.raw import tarred, zipped
from tasks.raw.members import Member
from tasks.raw.meta import META_NAME, MetaEntry, parse_meta
from tasks.raw.streams import OpenFile, Source, read_page
from tasks.records.batches import Kind

MAX_META_BYTES = 64 * 1024 * 1024
OPEN_ARCHIVES = 2


@dataclass(frozen=True, slots=True)
class Archive:
    """The members of a zip or tar that may be records, in order, each with its number among those of its name."""

    members: list[Member]
    ordinals: list[int]
    meta: dict[str, dict[str, MetaEntry]]

    def entry_of(self, name: str) -> MetaEntry | None:
        """What the nearest meta.jsonl inside the archive says of a member, or None."""
        folder, relative = name, ""
        while folder:
            folder, _, last = folder.rpartition("/")
            relative = f"{last}/{relative}" if relative else last
            entry = self.meta.get(folder, {}).get(relative)
            if entry is not None:
                return entry
        return None

    def fetched_at(self, number: int) -> datetime | None:
        """When a member was fetched: meta.jsonl of the archive, else the member's time read as UTC."""
        entry = self.entry_of(self.members[number].name)
        return entry.fetched_at if entry and entry.fetched_at else self.members[number].changed_at


def reader_of(kind: Kind, name: str, file: OpenFile) -> Callable[[Member], Source]:
    """What gives the bytes of a member; of a packed tar in the order of its members alone."""
    return zipped.reader(file) if kind is Kind.ZIP else tarred.reader(file, name)


@functools.lru_cache(maxsize=OPEN_ARCHIVES)
def open_archive(path: Path, kind: Kind, size_bytes: int, mtime_ns: int) -> Archive:
    """The index of an archive; chunks of a batch are read one after another, so the last ones are kept."""
    del mtime_ns  # a part of the key
    meta: dict[str, dict[str, MetaEntry]] = {}
    members: list[Member] = []
    with OpenFile(path, size_bytes=size_bytes) as file:
        found: Iterable[tuple[Member, Callable[[], Source]]] = (
            zipped.members(path, file) if kind is Kind.ZIP else tarred.members(file, path.name)
        )
        for member, source in found:
            folder, _, name = member.name.rpartition("/")
            if name == META_NAME and not member.wrong and member.size_bytes <= MAX_META_BYTES:
                content, wrong = read_page(source(), None, limit=MAX_META_BYTES)
                meta[folder] = {} if wrong else parse_meta(content, name=f"{path.name}!{member.name}")
            elif name != META_NAME and not name.startswith(".") and "__MACOSX/" not in member.name:
                members.append(member)
    seen: Counter[str] = Counter()
    ordinals = [seen.update([member.name]) or seen[member.name] for member in members]
    return Archive(members, ordinals, meta)
