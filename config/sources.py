"""The outlets that are fetched: their types, the file that lists them, and how an entry is added to it."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytz
import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from config.settings import SettingsError

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
CREDENTIALS = re.compile(r"//[^/@]{0,80}(?:@|$)")

StartKind = Literal["feed", "sitemap", "section", "list"]


class SourcesError(SettingsError):
    """A file of sources that cannot be used; the message names file, line and field."""


def _web_address(url: str) -> str:
    parsed = urlsplit(url)
    if parsed.scheme not in ("http", "https") or not parsed.hostname:
        raise ValueError("must be an address that begins with http:// or https://")
    if parsed.username or parsed.password:
        raise ValueError("must not hold a user name or password")
    return url


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError("must be a zone of the IANA database, as Africa/Casablanca") from None
    return name


def _slug(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError("must be small letters and digits with single hyphens between, as my-paper")
    return name


def _known_country(code: str) -> str:
    if code not in pytz.country_names:
        raise ValueError("must be a country code of ISO 3166, as MA")
    return code


def _expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"must be a regular expression: {error}") from None
    return pattern


def _not_a_truth_value(value: object) -> object:
    """YAML reads a bare `no` (Norway, Norwegian) as false."""
    if isinstance(value, bool):
        raise ValueError('is read as true or false; write it in quotes, as "no"')
    return value


def _list_address(address: str) -> str:
    return _web_address(address) if "://" in address else address


def _none_is_empty(value: object) -> object:
    """`sources:` with nothing after it."""
    return () if value is None else value


Address = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_web_address)]
Text = Annotated[str, BeforeValidator(_not_a_truth_value)]
Expression = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_expression)]


class StartPoint(BaseModel):
    """Where to look for pages: a feed, a sitemap, a section page or a list of URLs, exactly one of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feed: Address | None = Field(default=None, description="Address of an RSS, Atom, RDF or JSON feed.")
    sitemap: Address | None = Field(default=None, description="Address of a sitemap or sitemap index.")
    section: Address | None = Field(
        default=None, description="Address of a page whose article links are followed one step."
    )
    list: Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_list_address)] | None = Field(
        default=None, description="List of URLs as text or CSV: an address, or a file relative to the file of sources."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(getattr(self, kind) is not None for kind in get_args(StartKind)) != 1:
            raise ValueError("must be one of feed, sitemap, section and list, with its address")
        return self

    @property
    def kind(self) -> StartKind:
        """Which of the four it is."""
        return next(kind for kind in get_args(StartKind) if getattr(self, kind) is not None)

    @property
    def address(self) -> str:
        """Its address, or the path of a local list."""
        return str(getattr(self, self.kind))

    @property
    def is_local(self) -> bool:
        """Whether it is a file of this machine."""
        return self.kind == "list" and "://" not in self.address


class Source(BaseModel):
    """One outlet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[Text, AfterValidator(_slug)] = Field(
        max_length=60,
        description="Unique name: small letters, digits and single hyphens; the `source` of its rows.",
    )
    start: tuple[StartPoint, ...] = Field(
        min_length=1, max_length=200, description="Where its pages are found: {feed|sitemap|section|list: URL}, each."
    )
    language: Text | None = Field(
        default=None, pattern=r"^[a-z]{2,3}$", description="Language that most of its pages are in (ISO 639); a hint."
    )
    country: Annotated[Text, AfterValidator(_known_country)] | None = Field(
        default=None, description="Country (ISO 3166 alpha-2)."
    )
    zone: Annotated[str, Field(max_length=60), AfterValidator(_known_zone)] = Field(
        default="UTC", description="Time zone (IANA) of dates that its pages state without one."
    )
    include: tuple[Expression, ...] = Field(
        default=(),
        max_length=100,
        description="Regular expressions; where there are any, one is found in a page's URL.",
    )
    exclude: tuple[Expression, ...] = Field(
        default=(), max_length=100, description="Regular expressions; a page in whose URL one is found is left out."
    )
    delay_s: float = Field(
        default=5.0, ge=0, le=3_600, allow_inf_nan=False, description="Least seconds between two requests to one host."
    )
    connections: int = Field(default=1, ge=1, le=32, description="Most connections to one host at a time.")
    max_pages: int = Field(default=1_000, ge=1, le=1_000_000, description="Most pages of one run.")
    revisit_hours: float = Field(
        default=48.0,
        ge=0,
        le=8_760,
        allow_inf_nan=False,
        description="Hours in which a page is asked for again; 0: once.",
    )
    is_enabled: bool = Field(default=True, description="Whether it is fetched.")

    def takes(self, url: str) -> bool:
        """Whether the patterns let a page in: one of `include`, where there are any, and none of `exclude`."""
        is_included = not self.include or any(re.search(pattern, url) for pattern in self.include)
        return is_included and not any(re.search(pattern, url) for pattern in self.exclude)


class Sources(BaseModel):
    """All outlets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: Annotated[tuple[Source, ...], BeforeValidator(_none_is_empty)] = Field(
        default=(), max_length=100_000, description="The outlets, each by its name."
    )


def load_sources(file: Path) -> Sources:
    """The outlets of a file (the setting `sources_file`). An empty file holds none.

    Raises SourcesError, naming file, line and field, for what is not YAML, an unknown or repeated key, a value out of
    bounds, a name used twice.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SourcesError(f"file of sources {file} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SourcesError(f"file of sources {file} cannot be read: {error}") from None
    return _sources_of(text, name=str(file))


def _sources_of(text: str, *, name: str) -> Sources:
    """The outlets that a text states; `name` stands for its file in errors."""
    root, stated = _composed(text, name=name)
    if root is None or stated is None:
        return Sources()
    try:
        found = Sources.model_validate(stated)
    except ValidationError as error:
        first = error.errors()[0]
        field = _field(first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        got = CREDENTIALS.sub("//...@", str(first["input"])[:80])
        problem = "is unknown" if first["type"] == "extra_forbidden" else f"{said}, got {got!r}"
        raise SourcesError(f"{name}, line {_line(root, first['loc'])}: {field} {problem}") from None
    lines: dict[str, int] = {}
    for index, source in enumerate(found.sources):
        line = _line(root, ("sources", index, "name"))
        if source.name in lines:
            problem = f"sources[{index}].name {source.name!r} is that of line {lines[source.name]} already"
            raise SourcesError(f"{name}, line {line}: {problem}")
        lines[source.name] = line
    return found


def _composed(text: str, *, name: str) -> tuple[yaml.Node | None, Any]:
    """The YAML nodes of a text and the values that they stand for."""
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        repeated = next(_repeated_keys(root), None) if root is not None else None
        stated = loader.construct_document(root) if root is not None and repeated is None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise SourcesError(f"{name}{line}: not YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        number = text.count("\n", 0, error.position) + 1
        raise SourcesError(f"{name}, line {number}: not YAML: {error.reason}") from None
    except (RecursionError, ValueError) as error:  # nested a thousand deep; a date that is none
        raise SourcesError(f"{name}: cannot be read: {error}") from None
    if repeated is not None:
        raise SourcesError(f"{name}, line {repeated.start_mark.line + 1}: {repeated.value} is stated twice")
    return root, stated


def _repeated_keys(root: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The keys that a mapping states a second time, of which YAML would take the last."""
    seen, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen or isinstance(node, yaml.ScalarNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            names: set[str] = set()
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode) and key.value in names:
                    yield key
                names.add(key.value if isinstance(key, yaml.ScalarNode) else "")
                waiting.append(value)
        else:
            waiting.extend(node.value)


def _line(root: yaml.Node, place: tuple[int | str, ...]) -> int:
    """The line, from 1, of the deepest node on the way to a field that exists; that of its key where it has one."""
    node, line = root, int(root.start_mark.line)
    for step in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = int(node.start_mark.line)
        elif isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == step), None)
            if pair is None:
                break
            line, node = int(pair[0].start_mark.line), pair[1]
        else:
            break
    return int(line) + 1


def _field(place: tuple[int | str, ...]) -> str:
    """`sources[2].start[0].feed` for the place of a field."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.lstrip(".") or "the file"


def propose_entry(
    *,
    name: str,
    start: tuple[tuple[StartKind, str], ...],
    language: str | None = None,
    country: str | None = None,
    zone: str | None = None,
) -> str:
    """The YAML text of a new entry, as it stands in the file of sources."""
    lines = [f"- name: {_quoted(name)}"]
    hints = {"language": language, "country": country, "zone": zone}
    lines += [f"  {field}: {_quoted(value)}" for field, value in hints.items() if value]
    lines += ["  start:", *(f"    - {kind}: {_quoted(address)}" for kind, address in start)]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A YAML scalar of a text, in quotes where YAML would read it otherwise (`no`, `on`, `12`)."""
    return yaml.safe_dump(text, allow_unicode=True, width=10_000).removesuffix("\n").removesuffix("\n...")


def add_entry(path: Path, text: str) -> Source:
    """The source of an entry (`propose_entry`), which now stands at the end of the list in a file.

    Every other byte of the file stays, comments too; it is replaced at once. Raises SourcesError, and leaves the file
    as it is, for a name that exists or a file that would not load with the entry.
    """
    before = load_sources(path).sources
    new = _with_entry(path.read_bytes().decode("utf-8"), text, name=str(path))
    after = _sources_of(new, name=f"{path} with the new entry").sources
    if len(after) != len(before) + 1 or after[:-1] != before:
        raise SourcesError(f"{path}: one new entry is due at its end, got {len(after) - len(before)}")
    _replace(path, new.encode("utf-8"))
    return after[-1]


def _with_entry(old: str, entry: str, *, name: str) -> str:
    """The text of a file with one more entry after the last."""
    root, _ = _composed(old, name=name)
    pair = next((pair for pair in root.value if pair[0].value == "sources"), None) if root is not None else None
    ending = "\r\n" if "\r\n" in old else "\n"
    entry = entry.replace("\n", ending)
    if pair is None:
        return old + ("" if old.endswith("\n") or not old else ending) + f"sources:{ending}{entry}"
    value = pair[1]
    if not value.value or isinstance(value, yaml.ScalarNode):  # `sources: []` or `sources:`, perhaps with a comment
        begins, ends = value.start_mark.index, value.end_mark.index
        rest = old[ends:].partition("\n")
        head = old[:begins].rstrip(" ") + rest[0].rstrip("\r")
        return head + ending + entry + rest[2]
    if value.flow_style:
        raise SourcesError(f"{name}: its list stands in brackets; add the entry by hand")
    column = value.value[0].start_mark.column - 2
    indented = "".join(" " * max(column, 0) + line for line in entry.splitlines(keepends=True))
    last = _end_of(value)
    cut = old.find("\n", last)
    cut = len(old) if cut < 0 else cut + 1
    gap = "" if old[:cut].endswith("\n") else ending
    return old[:cut] + gap + indented + old[cut:]


def _end_of(node: yaml.Node) -> int:
    """The index after the last character of a node's last value; a block's own end mark lies after the comments."""
    while isinstance(node, yaml.SequenceNode | yaml.MappingNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _replace(path: Path, content: bytes) -> None:
    """Nothing; afterwards the file holds the content, or, had it failed, what it held."""
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(target.stat().st_mode & 0o7777)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
