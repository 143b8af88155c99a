"""What a machine has for Marsad and what it lacks: `marsad doctor`. Nothing is written."""

import importlib.metadata
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from config.settings import GAZETTEERS, Settings
from config.sources import load_sources
from tasks import plan
from tasks.acquire.ledger import open_ledger
from tasks.corpus.name_lexicon import is_installed
from tasks.enrich.names_model import NamesModel
from tasks.enrich.recognisers import LEXICON, is_pipeline, load_recogniser, model_file
from tasks.enrich.spacy_names import find_pipeline
from tasks.lexicons.organisations import load_organisations
from tasks.lexicons.places import load_places
from tasks.lexicons.titles import load_titles
from tasks.records.answers import Rows
from tasks.records.errors import MarsadError
from tasks.run import to_work
from tasks.store.lock import owner_of

COLUMNS = ["check", "of", "found", "file", "licence", "version", "MB", "state"]
OK, BROKEN = "ok", "broken"
MIN_FREE_BYTES = 1024**3
ICU_REMEDY = "apt-get install -y libicu-dev pkg-config g++ && make icu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `problem` is a sentence with its remedy, None where all is well."""

    check: str
    of: str
    found: str | None = None
    file: Path | None = None
    licence: str | None = None
    version: str | None = None
    n_bytes: int | None = None
    problem: str | None = None

    @property
    def row(self) -> tuple[object, ...]:
        """The finding under COLUMNS."""
        megabytes = None if self.n_bytes is None else round(self.n_bytes / 1e6, 1)
        state = BROKEN if self.problem else OK
        file = None if self.file is None else str(self.file)
        return (self.check, self.of, self.found, file, self.licence, self.version, megabytes, state)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings as rows, and a sentence for each that is broken."""

    rows: Rows
    problems: tuple[str, ...]


def examine(settings: Settings) -> Diagnosis:
    """What stands under these settings: recognisers by language, libraries, gazetteers, folders, ledger, sources."""
    findings = [
        *(_recogniser(language, choice) for language, choice in settings.recogniser_choices),
        Finding(check="recogniser", of="all other languages", found=LEXICON, file=GAZETTEERS),
        _across_scripts(),
        *_libraries(),
        _gazetteers(),
        *_folders(settings),
        _datasets(settings),
        _ledger(settings),
        _sources(settings),
    ]
    rows = Rows(COLUMNS, [finding.row for finding in findings])
    return Diagnosis(rows, tuple(finding.problem for finding in findings if finding.problem))


# --- recognisers -----------------------------------------------------------------------------------------------------


def _recogniser(language: str, choice: str) -> Finding:
    """What a language has, loaded as a worker would."""
    found: dict[str, object] = {}
    if choice == LEXICON:
        return Finding(check="recogniser", of=language, found=choice, file=GAZETTEERS)
    try:
        found = _pipeline(language, choice) if is_pipeline(choice) else _model(language, choice)
        load_recogniser(GAZETTEERS, ((language, choice),))
    except MarsadError as error:
        found["problem"] = str(error)
    return Finding(check="recogniser", of=language, **{"found": choice, **found})  # type: ignore[arg-type]


def _model(language: str, choice: str) -> dict[str, object]:
    path = model_file(language, choice)
    about = NamesModel.load(path, language).weights.about
    return {
        "file": path,
        "licence": about.get("licence") or _licence_of(path),
        "version": f"format {about['format']}",
        "n_bytes": path.stat().st_size,
    }


def _licence_of(model: Path) -> str | None:
    """What the table of licences beside a model says of it."""
    table = model.with_name("LICENCE.md")
    lines = table.read_text(encoding="utf-8").splitlines() if table.exists() else []
    rows = [[cell.strip(" `") for cell in line.strip("| ").split("|")] for line in lines]
    return next((row[1] for row in rows if row[0] == model.name and len(row) > 1), None)


def _pipeline(language: str, choice: str) -> dict[str, object]:
    pipeline = find_pipeline(choice, language)
    return {
        "found": f"spaCy {importlib.metadata.version('spacy')}: {pipeline.title}",
        "file": pipeline.folder,
        "licence": pipeline.meta.get("license") or None,
        "version": pipeline.meta["version"],
        "n_bytes": sum(path.stat().st_size for path in pipeline.folder.rglob("*") if path.is_file()),
    }


def _across_scripts() -> Finding:
    """Whether names are compared across scripts, for which PyICU is needed."""
    is_there = is_installed()
    problem = f"names are not compared across scripts, for want of PyICU or rigour; `make env`, or `{ICU_REMEDY}`"
    return Finding(
        check="names across scripts",
        of="PyICU",
        found="yes" if is_there else "no",
        version=importlib.metadata.version("pyicu") if is_there else None,
        problem=None if is_there else problem,
    )


# --- what is installed -----------------------------------------------------------------------------------------------


def _libraries() -> Iterator[Finding]:
    """Python, and the libraries that Marsad requires; those of another version than due one by one."""
    yield Finding(check="python", of=platform.python_implementation(), version=platform.python_version())
    due = [Requirement(line) for line in importlib.metadata.requires("marsad") or ()]
    wanted = [requirement for requirement in due if requirement.marker is None or requirement.marker.evaluate()]
    wrong = [(requirement, _installed(requirement.name)) for requirement in wanted]
    wrong = [(requirement, version) for requirement, version in wrong if not _fits(requirement, version)]
    yield Finding(
        check="libraries", of="required", found=f"{len(wanted) - len(wrong)} of {len(wanted)}", file=Path(sys.prefix)
    )
    for requirement, version in wrong:
        yield Finding(
            check="library",
            of=requirement.name,
            version=version,
            problem=f"{requirement} is required, {version or 'none'} is installed; `make env`",
        )


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _fits(requirement: Requirement, version: str | None) -> bool:
    return version is not None and requirement.specifier.contains(version, prereleases=True)


def _gazetteers() -> Finding:
    files = sorted(GAZETTEERS.glob("*.yaml"))
    loads: tuple[Callable[[Path], object], ...] = (load_places, load_organisations, load_titles)
    began = time.monotonic()
    problem = _problem(lambda: [load(GAZETTEERS) for load in loads])
    n_bytes = sum(path.stat().st_size for path in files)
    found = f"{len(files)} files, loaded in {time.monotonic() - began:.1f} s"
    return Finding(check="gazetteers", of="lexicon", found=found, file=GAZETTEERS, n_bytes=n_bytes, problem=problem)


# --- folders and databases -------------------------------------------------------------------------------------------


def _folders(settings: Settings) -> Iterator[Finding]:
    for name in ("raw_dir", "out_dir", "state_dir"):
        path = getattr(settings, name).resolve()
        there = next(parent for parent in (path, *path.parents) if parent.exists())
        free = shutil.disk_usage(there).free
        problem = None
        if not there.is_dir():
            problem = f"{name} {path}: {there} is no folder; set {name} to another"
        elif not os.access(there, os.W_OK | os.X_OK):
            problem = f"{name} {path} cannot be written; give this user the right to, or set {name} to another"
        elif free < MIN_FREE_BYTES:
            problem = f"{name} {path} has {free / 1e9:.1f} GB free, a run may need more; make room"
        state = "there" if path.exists() else "not there yet"
        yield Finding(check="folder", of=name, found=f"{state}, {free / 1e9:.0f} GB free", file=path, problem=problem)


def _datasets(settings: Settings) -> Finding:
    """What lies in the output folder; which raw folder it belongs to."""
    out = settings.out_dir.resolve()
    told = ""

    def look() -> str | None:
        nonlocal told
        owner = owner_of(out) if out.exists() else None
        stored = plan.read_state(out)
        files = stored.all_pages()
        version = to_work(settings).pipeline_version
        n_older = sum(file.footer.pipeline_version != version for file in files)
        told = f"{len(files)} batches, {n_older} of another version"
        if owner is not None and (out / owner).resolve() != settings.raw_dir.resolve():
            return (
                f"{out} belongs to the raw folder {(out / owner).resolve()}, not to {settings.raw_dir.resolve()}; "
                "set one of raw_dir and out_dir to another"
            )
        if stored.strangers:
            return f"{stored.strangers[0]} has another schema than this version writes; run `marsad rebuild`"
        return None

    problem = _problem(look)
    return Finding(check="datasets", of="pages", found=told or None, file=out, problem=problem)


def _ledger(settings: Settings) -> Finding:
    path = settings.state_dir.resolve() / "ledger.db"
    if settings.ledger_url is None and not path.exists():
        return Finding(check="ledger", of="SQLite", found="not there yet", file=path)
    told = ""

    def look() -> None:
        nonlocal told
        with open_ledger(settings.database_url) as ledger:
            told = f"{ledger.n_urls()} URLs"

    problem = _problem(look)
    kind = "SQLite" if settings.database_url.startswith("sqlite") else "PostgreSQL"
    return Finding(
        check="ledger", of=kind, found=told or None, file=None if settings.ledger_url else path, problem=problem
    )


def _sources(settings: Settings) -> Finding:
    told = ""

    def look() -> str | None:
        nonlocal told
        sources = load_sources(settings.sources_file).sources
        told = f"{len(sources)} sources"
        if sources and settings.contact is None:
            return "sources are listed and no contact is set, without which nothing is fetched; set contact"
        return None

    problem = _problem(look)
    file = settings.sources_file.resolve()
    return Finding(check="sources", of="fetch", found=told or None, file=file, problem=problem)


def _problem(look: Callable[[], object]) -> str | None:
    """What a look found wrong or what it raised, as a sentence; None where all is well."""
    try:
        told = look()
    except Exception as error:  # whatever is broken is to be told, and the rest looked at
        sentence = str(error) if type(error).__module__.startswith(("tasks", "config")) else ""
        return sentence or " ".join(f"{type(error).__name__}: {error}".split())
    return told if isinstance(told, str) else None
