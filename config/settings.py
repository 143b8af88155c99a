"""Every knob of Marsad, bounded and described; config/settings.yaml shows the defaults with a comment each."""

import os
import re
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict

from config.languages import LANGUAGES

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SETTINGS_FILE = Path(__file__).resolve().with_name("settings.yaml")
GAZETTEERS = Path(__file__).resolve().with_name("gazetteers")
ENVIRONMENT_VARIABLE = "MARSAD_SETTINGS"
SOURCES_FILE = Path(__file__).resolve().with_name("sources.yaml")
PATHS = ("raw_dir", "out_dir", "state_dir", "sources_file")
# Printable ASCII: it stands in a header of every request.
CONTACT = re.compile(r"https?://[!-~]+|[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+")
ROW_AFFECTING: JsonDict = {"affects_rows": True}
RECOGNISERS = {"ar": "trained", "fr": "trained", "es": "trained", "en": "trained"}
# A recogniser of its own, or the name of an installed spaCy pipeline; what holds a slash is the path of one.
RECOGNISER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class SettingsError(Exception):
    """A settings file or value that cannot be used; the message names file and field."""


def _reachable(contact: str) -> str:
    if not CONTACT.fullmatch(contact):
        raise ValueError("must be an e-mail address or the address of a web page, without letters beyond ASCII")
    return contact


def _chosen(recognisers: dict[str, str]) -> dict[str, str]:
    """The recogniser of every language that has one, those of the defaults that are not stated included."""
    for language, name in recognisers.items():
        if language not in LANGUAGES:
            raise ValueError(f"{language!r} is no code of a language that texts are told to be in")
        if "/" not in name and not RECOGNISER_NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} ({language}) is not trained, permissive, lexicon, or a spaCy pipeline by name or path"
            )
    return {**RECOGNISERS, **recognisers}


class Settings(BaseModel):
    """What an operator may change. Fields marked `affects_rows` are part of the pipeline version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    raw_dir: Path = Field(default=PROJECT_ROOT / "data" / "raw", description="Folder of raw pages.")
    out_dir: Path = Field(default=PROJECT_ROOT / "data" / "parquet", description="Folder of the Parquet datasets.")
    state_dir: Path = Field(
        default=PROJECT_ROOT / "data" / "state", description="Folder of the Prefect database and other state."
    )
    workers: int = Field(
        default=max(1, min(os.cpu_count() or 1, 64)), ge=1, le=256, description="Worker processes; default one a core."
    )
    batch_records: int = Field(default=5_000, ge=1, le=5_000, description="Most records of one batch (one file).")
    chunk_records: int = Field(default=8, ge=1, le=1_000, description="Records handed to a worker at once.")
    page_timeout_s: float = Field(default=30.0, gt=0, le=3_600, description="Longest time one page may take.")
    scan_timeout_s: float = Field(
        default=3_600.0,
        gt=0,
        le=86_400,
        description="Longest time the scan of one container, or the writing of one file, may take.",
    )
    worker_memory_bytes: int = Field(
        default=4 * 1024**3, ge=3 * 1024**3, le=1024**4, description="Address space of one worker process."
    )
    worker_resident_bytes: int = Field(
        default=3 * 512 * 1024**2,
        ge=512 * 1024**2,
        le=1024**4,
        description="Memory one worker process may hold; a page that takes more is rejected.",
    )
    worker_calls: int = Field(default=400, ge=1, le=1_000_000, description="Chunks after which a worker is replaced.")
    max_page_bytes: int = Field(
        default=20_000_000,
        ge=1_000,
        le=1_000_000_000,
        description="Largest page, decoded; larger ones are rejected.",
        json_schema_extra=ROW_AFFECTING,
    )
    min_chars: int = Field(
        default=50,
        ge=0,
        le=100_000,
        description="Shortest article, in code points; shorter ones are rejected.",
        json_schema_extra=ROW_AFFECTING,
    )
    recognisers: Annotated[dict[str, str], AfterValidator(_chosen)] = Field(
        default=RECOGNISERS,
        description="What finds names, by language: trained, permissive, lexicon, or a spaCy pipeline by name or path.",
        json_schema_extra=ROW_AFFECTING,
    )
    contact: Annotated[str, AfterValidator(_reachable)] | None = Field(
        default=None,
        max_length=200,
        description="Whom an outlet may turn to (e-mail address or web page), in the user agent; no fetch without.",
    )
    sources_file: Path = Field(default=SOURCES_FILE, description="File of the outlets that are fetched.")
    ledger_url: str | None = Field(
        default=None,
        description="Database of what was found and fetched, as SQLAlchemy names it; default SQLite under state_dir.",
    )
    fetch_connections: int = Field(default=64, ge=1, le=1_000, description="Requests under way at once, all hosts.")
    fetch_timeout_s: float = Field(default=60.0, gt=0, le=3_600, description="Longest time one request may take.")
    fetch_run_s: float = Field(
        default=780.0, gt=0, le=86_400, description="After so long a fetch begins no further page; the next goes on."
    )
    fetch_tries: int = Field(default=6, ge=1, le=100, description="Tries of a page that fails for a passing reason.")
    named_hosts: dict[str, str] = Field(
        default={},
        description="Addresses of hosts by name and port, which are reached even where they are private: for tests.",
    )
    serve_port: int = Field(default=4200, ge=1, le=65_535, description="Port of the Prefect server and UI.")
    build_cron: str = Field(default="*/15 * * * *", description="When the build runs, as a cron expression in UTC.")
    settle_cron: str = Field(
        default="40 2 * * *", description="When it also settles what is better known by then, in the same form."
    )

    @property
    def database_url(self) -> str:
        """The database of the ledger."""
        return self.ledger_url or f"sqlite:///{self.state_dir.resolve() / 'ledger.db'}"

    @property
    def recogniser_choices(self) -> tuple[tuple[str, str], ...]:
        """(language, recogniser) pairs, by language; every other language has the lexicon."""
        return tuple(sorted(self.recognisers.items()))

    def row_affecting(self) -> dict[str, Any]:
        """The values that change rows, by name."""
        return {
            name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if field.json_schema_extra == ROW_AFFECTING
        }


def load_settings(path: Path | None = None, **overrides: object) -> Settings:
    """The settings of a file (default: the one MARSAD_SETTINGS names, else config/settings.yaml) under overrides.

    Overrides of None do not count. Relative paths in the file are relative to the project root. Raises SettingsError,
    naming file and field, for a file that cannot be read, an unknown name or a value out of bounds.
    """
    named = path or (Path(os.environ[ENVIRONMENT_VARIABLE]) if os.environ.get(ENVIRONMENT_VARIABLE) else None)
    stated = _read(named or SETTINGS_FILE, is_required=named is not None)
    for name in PATHS:
        if isinstance(stated.get(name), str):
            stated[name] = PROJECT_ROOT / Path(stated[name]).expanduser()
    if isinstance(stated.get("recognisers"), dict):
        stated["recognisers"] = {code: _absolute(name) for code, name in stated["recognisers"].items()}
    stated |= {name: value for name, value in overrides.items() if value is not None}
    for name in PATHS:
        try:
            str(stated.get(name, "")).encode()
        except UnicodeEncodeError:
            raise SettingsError(f"setting {name}: {str(stated[name])!r} is no UTF-8 path; rename the folder") from None
    try:
        return Settings.model_validate(stated)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "extra_forbidden":
            raise SettingsError(
                f"setting {first['loc'][0]} ({named or SETTINGS_FILE.name}) is unknown; see config/settings.yaml"
            ) from None
        where = ".".join(map(str, first["loc"])) or "settings"
        raise SettingsError(
            f"setting {where} ({named or SETTINGS_FILE.name}): {first['msg'].removeprefix('Value error, ')}, "
            f"got {first['input']!r}"
        ) from None


def _absolute(recogniser: object) -> object:
    """The path of a pipeline from the project's root; anything else as it is."""
    if isinstance(recogniser, str) and "/" in recogniser:
        return str(PROJECT_ROOT / Path(recogniser).expanduser())
    return recogniser


def _read(path: Path, *, is_required: bool) -> dict[str, Any]:
    try:
        stated = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if is_required:
            raise SettingsError(f"settings file {path} does not exist") from None
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"settings file {path} cannot be read: {' '.join(str(error).split())}") from None
    if stated is None:
        return {}
    if not isinstance(stated, dict):
        raise SettingsError(f"settings file {path} holds {type(stated).__name__}, not names with values")
    return stated
