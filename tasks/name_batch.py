"""Identities of one batch of names without documents, for `marsad identify`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from tasks.corpus.identities import NameForm, cluster_names, identities
from tasks.corpus.name_lexicon import load_lexicon
from tasks.corpus.places import identify_places, uncurated_key
from tasks.lexicons.organisations import load_organisations
from tasks.lexicons.places import load_places
from tasks.lexicons.titles import load_titles
from tasks.lexicons.words import name_key
from tasks.records.article import EntityType, Mention

# (type, name, language or None)
AskedName: TypeAlias = tuple[EntityType, str, str | None]


def identify_names(asked: Iterable[AskedName], *, gazetteers: Path) -> dict[AskedName, tuple[str | None, str]]:
    """Each name asked for -> its entity_id and preferred name, as if each stood once in a document of its own.

    No document is known, so ids are minted of the names alone. A name without a letter has no id, nor has a body by its
    common noun alone.
    """
    places, organisations = load_places(gazetteers), load_organisations(gazetteers)
    found: dict[AskedName, tuple[str | None, str]] = {}
    forms: dict[tuple[str, str], NameForm] = {}
    for question in dict.fromkeys(asked):
        type_, name, language = question
        plain = " ".join(name.split())
        mention = Mention(type=type_, name=plain, surface=name, start_char=0, end_char=len(name), score=1.0)
        (placed,) = identify_places([mention], places=places, organisations=organisations, language=language)
        found[question] = (placed.entity_id, placed.name)
        if key := uncurated_key(placed, organisations):
            forms.setdefault((type_, key), NameForm(type_, key, placed.name, (0, "")))
    given_names = load_titles(gazetteers)["ar"].given_names
    whose = identities(cluster_names(forms.values(), given_names=given_names, lexicon=load_lexicon()))
    for (type_, name, language), (entity_id, preferred) in list(found.items()):
        cluster = whose.get((type_, name_key(preferred)))
        if entity_id is None and cluster is not None:
            found[type_, name, language] = (cluster.entity_id, cluster.name)
    return found
