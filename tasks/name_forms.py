"""The names that the documents of one file use: its name_forms, by which identities are found.

`write_name_forms` runs in worker processes; `derive_name_forms` drives them from the flow process.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.corpus.boilerplate import rules_digest
from tasks.corpus.identities import MAX_COMPANIONS, ROLE, NameForm, blocks_of, companion_hash, forms_rule
from tasks.corpus.name_lexicon import NameLexicon, load_lexicon
from tasks.corpus.places import uncurated_key
from tasks.lexicons.organisations import OrganisationIndex, load_organisations
from tasks.lexicons.titles import Titles, load_titles, role_before, titles_of
from tasks.lexicons.words import name_key
from tasks.names import names_path
from tasks.records.article import Mention
from tasks.records.errors import RunFailed, failure_sentence
from tasks.settled import Settling, accepted_rows, placed_mentions, settled_columns
from tasks.site_rules import Rules
from tasks.store.files import commit_temp, read_groups, temp_path, write_temp
from tasks.store.footers import NamesFooter, read_pages_footer
from tasks.store.layout import NAME_FORMS
from tasks.store.tables import schema_of
from tasks.workers.pool import WorkFailed

# Long after any fetch: a mention without a date is the youngest.
NO_DATE = datetime(9999, 12, 31, tzinfo=UTC)


def derive_name_forms(pages: Iterable[Path], *, settling: Settling) -> None:
    """Nothing; afterwards each of some pages files has its name_forms under the rules of the settling.

    Raises RunFailed, in one sentence, where a file cannot be read or written or a worker gives up.
    """
    calls = []
    try:
        for path in pages:
            temp = temp_path(names_path(path, settling.out))
            temp.parent.mkdir(parents=True, exist_ok=True)
            work = (settling.gazetteers, settling.rules_of(path))
            call = settling.pool.call(write_name_forms, path, temp, *work, timeout_s=settling.timeout_s)
            calls.append((path, temp, call))
        for path, temp, call in calls:
            commit_temp(temp, names_path(path, settling.out), n_rows=call.result())
    except (WorkFailed, OSError) as error:
        for _, _, call in calls:  # the others are still being written: what they leave must be there to be removed
            with suppress(WorkFailed, OSError):
                call.result()
        raise RunFailed(f"the names of documents could not be gathered ({failure_sentence(error)})") from error
    finally:
        for _, temp, _ in calls:
            temp.unlink(missing_ok=True)


@dataclass(slots=True)
class _Form:
    """What is gathered of one form."""

    names: Counter[str] = field(default_factory=Counter)
    first: tuple[datetime, str] = (NO_DATE, "")
    documents: set[str] = field(default_factory=set)
    acronyms: list[str] = field(default_factory=list)
    companions: set[int] = field(default_factory=set)


def write_name_forms(pages: Path, temp: Path, gazetteers: Path, rules: Rules) -> int:
    """In a worker: `temp` as the name_forms file of a pages file; the number of its rows.

    Names that the gazetteers identify are none of them, but their acronyms are told by the gazetteers too.
    """
    footer = read_pages_footer(pages)
    forms: dict[tuple[str, str], _Form] = defaultdict(_Form)
    organisations = load_organisations(gazetteers)
    for document in _documents(pages, gazetteers, rules):
        _add(forms, document, organisations)
    schema = schema_of(NAME_FORMS)
    lexicon = load_lexicon()
    rows = [_to_row(key, forms[key], lexicon) for key in sorted(forms)]
    arrays = [pa.array([row[field.name] for row in rows], type=field.type) for field in schema]
    stated = NamesFooter(
        batch_id=footer.batch_id,
        pages_sha256=footer.rows_sha256,
        boilerplate_sha256=rules_digest(rules, rules),
        rule=forms_rule(),
    )
    written = write_temp(
        temp, [pa.Table.from_arrays(arrays, schema=schema)], dataset=NAME_FORMS, footer=lambda _: stated.to_json()
    )
    return written.n_rows


@dataclass(frozen=True, slots=True)
class _Document:
    """Whom a document names, and in which role by (type, key) of their names."""

    id: str
    fetched_at: datetime
    mentions: list[Mention]
    roles: dict[tuple[str, str], set[str]]


def _documents(pages: Path, gazetteers: Path, rules: Rules) -> Iterator[_Document]:
    titles = load_titles(gazetteers)
    for group in read_groups(pages):
        accepted = accepted_rows(group)
        columns = settled_columns(accepted, rules)
        mentions = placed_mentions(columns["entities"], columns["language"], gazetteers=gazetteers)
        ids, times = (accepted.column(name).to_pylist() for name in ("document_id", "fetched_at"))
        texts = columns.get("text") or accepted.column("text").to_pylist()  # as it is where nothing is stripped
        rows = zip(ids, times, mentions, texts, columns["language"], strict=True)
        for document_id, fetched_at, found, text, language in rows:
            roles = _roles(found, text, titles_of(titles, language or ""))
            yield _Document(document_id, fetched_at or NO_DATE, found, roles)


def _roles(mentions: Iterable[Mention], text: str, titles: Titles) -> dict[tuple[str, str], set[str]]:
    roles: dict[tuple[str, str], set[str]] = defaultdict(set)
    for mention in mentions:
        if mention.type == "PER" and (role := role_before(text, mention.start_char, titles)):
            roles["PER", name_key(mention.name)].add(role)
    return roles


def _add(forms: dict[tuple[str, str], _Form], document: _Document, organisations: OrganisationIndex) -> None:
    defined: set[tuple[str, str]] = set()
    document_id = document.id
    company = _company(document.mentions, organisations)
    for mention in document.mentions:
        if not (key := uncurated_key(mention, organisations)):
            continue
        form = forms[mention.type, key]
        form.names[mention.name] += 1
        rank = (document.fetched_at, document_id)
        form.first = min(form.first, rank) if form.documents else rank
        if document_id not in form.documents:
            others = company - {companion_hash(mention.type, key)}
            others |= {companion_hash(ROLE, role) for role in document.roles.get((mention.type, key), ())}
            form.companions = set(sorted(form.companions | others)[:MAX_COMPANIONS])
        form.documents.add(document_id)
        acronym = name_key(mention.surface)
        if mention.type == "ORG" and mention.surface.isupper() and acronym != key and (key, acronym) not in defined:
            defined.add((key, acronym))
            form.acronyms.append(acronym)


def _company(mentions: Iterable[Mention], organisations: OrganisationIndex) -> set[int]:
    """The people and organisations that a document names, as hashes: the smallest that any of them can need.

    What can have no identity is company of nobody: half the Spanish press names the Gobierno.
    """
    named = {
        companion_hash(mention.type, who)
        for mention in mentions
        if mention.type != "LOC" and (who := mention.entity_id or uncurated_key(mention, organisations))
    }
    return set(sorted(named)[: MAX_COMPANIONS + 1])


def _to_row(key: tuple[str, str], form: _Form, lexicon: NameLexicon | None) -> dict[str, Any]:
    fetched_at, document_id = form.first
    name = min(form.names, key=lambda name: (-form.names[name], name))
    blocks = blocks_of(NameForm(*key, name, (0, document_id)), acronyms=form.acronyms, lexicon=lexicon)
    return {
        "type": key[0],
        "key": key[1],
        "name": name,
        "first_fetched_at": None if fetched_at == NO_DATE else fetched_at,
        "first_document_id": document_id,
        "n_documents": len(form.documents),
        "blocks": sorted(blocks),
        "companions": sorted(form.companions),
        "acronyms": sorted(form.acronyms),
    }
