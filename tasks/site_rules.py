"""What the pages of a site have in common: its site_lines, a file per pages file, and the rule they give together.

`write_site_lines` and `find_rules` run in worker processes; `learn_rules` drives them from the flow process.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from tasks.corpus.boilerplate import (
    MAX_PAGES,
    MIN_PAGES,
    RULE_VERSION,
    PageLines,
    SiteRule,
    page_lines,
    rules_digest,
    rules_of,
    sample_lines,
)
from tasks.records.errors import ContractError, RunFailed, failure_sentence
from tasks.store.files import commit_temp, read_columns, read_groups, temp_path, write_temp
from tasks.store.footers import LinesFooter, read_pages_footer
from tasks.store.layout import SITE_LINES, crawl_date_of, dataset_files, file_path
from tasks.store.tables import schema_of
from tasks.workers.pool import WorkerPool, WorkFailed

# What is boilerplate, by site.
Rules: TypeAlias = Mapping[str, SiteRule]
# Pages of samples in memory at once, of about a kilobyte each.
SAMPLED_PAGES = 200_000


def learn_rules(
    underived: Iterable[Path],
    unsettled: Iterable[Path],
    *,
    out: Path,
    pool: WorkerPool,
    timeout_s: float,
    is_everywhere: bool = False,
) -> Rules:
    """The rules of the sites whose pages are to be settled, or of all, once every pages file has its site_lines.

    Raises RunFailed, in one sentence, where a file cannot be read or written or a worker gives up.
    """
    try:
        return _learn_rules(underived, unsettled, out, pool, timeout_s, is_everywhere=is_everywhere)
    except (WorkFailed, OSError) as error:
        raise RunFailed(f"what the pages of a site share could not be learnt ({failure_sentence(error)})") from error


def _learn_rules(
    underived: Iterable[Path],
    unsettled: Iterable[Path],
    out: Path,
    pool: WorkerPool,
    timeout_s: float,
    *,
    is_everywhere: bool,
) -> Rules:
    calls = [(path, temp_path(_lines_path(path, out))) for path in underived]
    for _, temp in calls:
        temp.parent.mkdir(parents=True, exist_ok=True)
    try:
        waiting = [(path, temp, pool.call(write_site_lines, path, temp, timeout_s=timeout_s)) for path, temp in calls]
        try:
            for path, temp, call in waiting:
                commit_temp(temp, _lines_path(path, out), n_rows=call.result())
        except (WorkFailed, OSError):
            # The others are still being written: what they leave must be there to be removed.
            for _, _, call in waiting:
                with suppress(WorkFailed):
                    call.result()
            raise
    finally:
        for _, temp in calls:
            temp.unlink(missing_ok=True)
    sites = None if is_everywhere else sites_of(unsettled, out)
    if sites is not None and not sites:
        return {}
    rules: Rules = pool.call(find_rules, out, sites, timeout_s=timeout_s).result()
    return rules


def _lines_path(pages: Path, out: Path) -> Path:
    return file_path(out, SITE_LINES, crawl_date=crawl_date_of(pages), batch_id=pages.stem)


def sites_of(pages: Iterable[Path], out: Path) -> frozenset[str]:
    """The sites in some pages files, by their site_lines."""
    found: set[str] = set()
    for path in pages:
        found.update(read_columns(_lines_path(path, out), ["site"]).column("site").unique().to_pylist())
    return frozenset(found)


def find_changed(out: Path, settled: Iterable[tuple[Path, str]], rules: Rules) -> list[Path]:
    """The pages files among (pages file, boilerplate_sha256 of its documents) whose rules are others by now."""
    return [path for path, stated in settled if rules_digest(rules, sites_of([path], out)) != stated]


def write_site_lines(pages: Path, temp: Path) -> int:
    """In a worker: `temp` as the site_lines file of a pages file; the number of its rows."""
    footer = read_pages_footer(pages)
    sample = list(sample_lines(_page_lines(pages)))
    schema = schema_of(SITE_LINES)
    columns = {name: [getattr(page, name) for page in sample] for name in schema.names}
    arrays = [pa.array(columns[field.name], type=field.type) for field in schema]
    stated = LinesFooter(batch_id=footer.batch_id, pages_sha256=footer.rows_sha256, rule=RULE_VERSION)
    written = write_temp(
        temp, [pa.Table.from_arrays(arrays, schema=schema)], dataset=SITE_LINES, footer=lambda _: stated.to_json()
    )
    return written.n_rows


def _page_lines(pages: Path) -> Iterator[PageLines]:
    for group in read_groups(pages):
        accepted = group.filter(pc.equal(group.column("status"), "accepted"))
        for row in accepted.select(["site", "page_id", "document_id", "text"]).to_pylist():
            if row["site"]:
                yield page_lines(**row)


def find_rules(out: Path, sites: frozenset[str] | None, *, sampled_pages: int = SAMPLED_PAGES) -> Rules:
    """In a worker: the rules of some sites, or of all, from every site_lines file.

    Sites are taken in parts of `sampled_pages` pages, each a pass over the files, so that memory does not grow with
    the number of sites.
    """
    rules: dict[str, SiteRule] = {}
    for part in _parts(_count_pages(out, sites), sampled_pages):
        rules |= rules_of(sample_lines(_stored_lines(out, part)))
    return rules


def _count_pages(out: Path, sites: frozenset[str] | None) -> Counter[str]:
    counts: Counter[str] = Counter()
    for path in dataset_files(out / SITE_LINES):
        counts.update(_read_lines(path, ["site"]).column("site").to_pylist())
    return counts if sites is None else Counter({site: count for site, count in counts.items() if site in sites})


def _parts(counts: Counter[str], sampled_pages: int) -> Iterator[frozenset[str]]:
    """The sites in order, in parts of so many pages that their samples hold at a time; a site too small is in none."""
    part: list[str] = []
    held = 0
    for site in sorted(site for site, count in counts.items() if count >= MIN_PAGES):
        due = min(counts[site], 2 * MAX_PAGES)
        if part and held + due > sampled_pages:
            yield frozenset(part)
            part, held = [], 0
        part.append(site)
        held += due
    if part:
        yield frozenset(part)


def _read_lines(path: Path, columns: list[str]) -> pa.Table:
    try:
        return read_columns(path, columns)
    except (OSError, pa.ArrowException) as error:
        raise ContractError(f"{path} is damaged ({error}); delete it and run again") from error


def _stored_lines(out: Path, sites: frozenset[str]) -> Iterator[PageLines]:
    wanted = pa.array(sorted(sites), pa.string())
    names = ("site", "page_key", "document_key")
    for path in dataset_files(out / SITE_LINES):
        table = _read_lines(path, [*names, "lines"])
        table = table.filter(pc.is_in(table.column("site"), value_set=wanted))
        rows = zip(*(table.column(name).to_pylist() for name in names), table.column("lines"), strict=True)
        for site, page_key, document_key, lines in rows:
            yield PageLines(site, page_key, document_key, array("Q", lines.as_py()))
