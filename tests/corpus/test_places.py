from dataclasses import replace
from pathlib import Path

import pytest

from tasks.corpus.places import identify_places, uncurated_key
from tasks.lexicons.organisations import load_organisations
from tasks.lexicons.places import load_places
from tasks.records.article import EntityType, Mention

GAZETTEERS = Path(__file__).parents[2] / "config" / "gazetteers"


def identified(*names: str, kind: EntityType = "LOC", language: str | None = None) -> list[tuple[str | None, str]]:
    mentions = [Mention(type=kind, name=n, surface=n, start_char=0, end_char=len(n), score=0.8) for n in names]
    places, organisations = load_places(GAZETTEERS), load_organisations(GAZETTEERS)
    found = identify_places(mentions, places=places, organisations=organisations, language=language)
    return [(mention.entity_id, mention.name) for mention in found]


@pytest.mark.parametrize(
    "name", ["Maroc", "المغرب", "Morocco", "Marruecos", "Royaume du Maroc", "المملكة المغربية", "MAROC"]
)
def test_a_country_has_one_id_and_name_in_every_language(name: str) -> None:
    assert identified(name) == [("iso:MA", "Morocco")]


@pytest.mark.parametrize("name", ["Tanger", "طنجة", "Tangier", "Tánger", "Танжер"])
def test_a_city_has_one_id_and_name_in_every_script(name: str) -> None:
    assert identified(name) == [("geo:2530335", "Tangier")]


def test_the_most_populous_city_of_a_name_stands() -> None:
    assert identified("Birmingham") == [("geo:2655603", "Birmingham")]


def test_the_city_in_a_country_named_beside_it_stands() -> None:
    assert identified("Birmingham", "United States", language="en")[0] == ("geo:4049979", "Birmingham")


def test_paris_stays_in_france_beside_the_united_states() -> None:
    assert identified("Paris", "United States", language="en")[0] == ("geo:2988507", "Paris")


def test_the_order_of_mentions_changes_nothing() -> None:
    assert identified("United States", "Birmingham")[::-1] == identified("Birmingham", "United States")


def test_a_common_noun_alone_is_no_identity_and_with_a_name_it_is() -> None:
    def key(name: str, kind: EntityType = "ORG", entity_id: str | None = None) -> str:
        mention = Mention(
            type=kind, name=name, surface=name, start_char=0, end_char=len(name), score=0.8, entity_id=entity_id
        )
        return uncurated_key(mention, load_organisations(GAZETTEERS))

    assert [key(name) for name in ("Gobierno", "The Senate", "الجيش", "الحزب", "Haut-Commissariat", "!")] == [""] * 6
    assert [key(name) for name in ("Gobierno de Lugo", "Nokia")] == ["gobierno de lugo", "nokia"]
    assert key("Senate", "PER") == "senate"
    assert key("Nokia", entity_id="org:nokia") == ""


def test_an_unknown_place_keeps_its_surface_and_no_id() -> None:
    assert identified("Zzyzxville") == [(None, "Zzyzxville")]


@pytest.mark.parametrize("name", ["DGSN", "Direction générale de la sûreté nationale", "المديرية العامة للأمن الوطني"])
def test_a_curated_organisation_has_one_id_in_every_language(name: str) -> None:
    assert identified(name, kind="ORG") == [("org:dgsn-ma", "Direction générale de la sûreté nationale")]


def test_interpol_is_not_europol() -> None:
    first, second = identified("INTERPOL", "Europol", kind="ORG")
    assert (first[0], second[0]) == ("org:interpol", "org:europol")


def test_people_are_left_as_they_are() -> None:
    assert identified("Paris Maroc", kind="PER") == [(None, "Paris Maroc")]


def test_the_given_mentions_stay_unchanged() -> None:
    mention = Mention(type="LOC", name="Maroc", surface="Maroc", start_char=0, end_char=5, score=0.8)
    copy = replace(mention)
    identify_places([mention], places=load_places(GAZETTEERS), organisations=load_organisations(GAZETTEERS))
    assert mention == copy


DEFINED = [
    ("DGSN", "Direction générale de la sûreté nationale du Royaume", "org:dgsn-ma"),
    ("CAF", "Caisse d'allocations familiales", None),
    ("CAF", "Confédération africaine de football", "org:caf"),
]


@pytest.mark.parametrize(("acronym", "long_form", "entity_id"), DEFINED)
def test_a_curated_acronym_is_found_where_the_long_form_of_the_text_agrees(
    acronym: str, long_form: str, entity_id: str | None
) -> None:
    mention = Mention(type="ORG", name=long_form, surface=acronym, start_char=0, end_char=len(acronym), score=0.8)
    places, organisations = load_places(GAZETTEERS), load_organisations(GAZETTEERS)
    (found,) = identify_places([mention], places=places, organisations=organisations)
    assert found.entity_id == entity_id
