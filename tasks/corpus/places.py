"""Which place, which organisation: one id and one name in all languages for what the lexicons know."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from tasks.lexicons.organisations import OrganisationIndex
from tasks.lexicons.places import Place, PlaceIndex
from tasks.lexicons.words import name_key
from tasks.records.article import Mention

# A city whose country the document names counts as this many times its population: Birmingham (Alabama, 200,000)
# beside 'United States' is that one and not the one of 1.1 million, while Paris (Texas, 25,000) stays the French one.
NAMED_COUNTRY_WEIGHT = 20.0
# A name that is not the main name of a city counts for less: Valence is the French town before it is an old name of
# Valencia.
ALTERNATE_NAME_WEIGHT = 0.05


def identify_places(
    mentions: Sequence[Mention], *, places: PlaceIndex, organisations: OrganisationIndex, language: str | None = None
) -> list[Mention]:
    """The mentions of one document, places and curated organisations with their `entity_id` and preferred name.

    All else unchanged.

    The preferred name is one per entity in all languages, so that GROUP BY name works: CLDR's English name for
    countries, GeoNames' main name for cities, the gazetteer's first name for organisations. `language` (ISO 639, of
    the document) settles names that are a country in one language only. Among cities of one name the most populous
    stands, and those whose country the document names count NAMED_COUNTRY_WEIGHT times. An unknown place keeps its
    surface and no id. Depends on the mentions as a set and the lexicons, not on their order.
    """
    areas = [_area(mention, places, language) if mention.type == "LOC" else None for mention in mentions]
    named = Counter(area.country for area in areas if area is not None and area.country)
    return [
        _identified(mention, area, places, organisations, frozenset(named))
        for mention, area in zip(mentions, areas, strict=True)
    ]


def uncurated_key(mention: Mention, organisations: OrganisationIndex) -> str:
    """The folded name by which a mention is clustered with others; empty for one that has or can have no id.

    The lexicons gave it one, it holds no letter, or it is a body by its common noun alone: "the Senate" is another in
    each country, "the Commission" in each text.
    """
    if mention.entity_id is not None:
        return ""
    key = name_key(mention.name)
    return "" if mention.type == "ORG" and key in organisations.common_nouns else key


def _identified(
    mention: Mention,
    area: Place | None,
    places: PlaceIndex,
    organisations: OrganisationIndex,
    countries: frozenset[str | None],
) -> Mention:
    if mention.type == "ORG":
        # Of an acronym that the text defines, the name is its long form.
        organisation = organisations.find(mention.name) or organisations.find_defined(mention.surface, mention.name)
        return (
            mention
            if organisation is None
            else replace(mention, entity_id=organisation.entity_id, name=organisation.name)
        )
    if mention.type != "LOC":
        return mention
    place = area or _city(mention, places, countries) or places.area_in_any_language(name_key(mention.name))
    return mention if place is None else replace(mention, entity_id=place.entity_id, name=place.name)


def _area(mention: Mention, places: PlaceIndex, language: str | None) -> Place | None:
    return places.area(name_key(mention.name), language=language)


def _city(mention: Mention, places: PlaceIndex, countries: frozenset[str | None]) -> Place | None:
    """The likeliest city of the name; None when no city has it. Equal ones by id."""
    found = places.cities(name_key(mention.name))
    if not found:
        return None

    def weight(pair: tuple[Place, bool]) -> tuple[float, str]:
        place, is_main = pair
        weighted = place.population * (NAMED_COUNTRY_WEIGHT if place.country in countries else 1.0)
        return (-weighted * (1.0 if is_main else ALTERNATE_NAME_WEIGHT), place.entity_id)

    return min(found, key=weight)[0]
