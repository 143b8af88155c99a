from pathlib import Path

import pytest

from tasks.enrich.mentions import LexiconRecogniser
from tasks.lexicons.folding import fold_name
from tasks.lexicons.gazetteers import read_gazetteer
from tasks.lexicons.organisations import load_organisations
from tasks.lexicons.places import load_places
from tasks.lexicons.titles import load_titles, role_before, titles_of
from tasks.lexicons.words import Words, name_key
from tasks.records.errors import UsageError

GAZETTEERS = Path(__file__).parents[2] / "config" / "gazetteers"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Écosse", "ecosse"),
        ("Malmö", "MALMO"),
        ("أكادير", "اكادير"),
        ("الإنتربول", "الانتربول"),
        ("طنجة", "طنجه"),
        ("موسى", "موسي"),
        ("محـــمد", "مُحَمَّد"),
        ("e\u0301t\u0065\u0301", "été"),
        ("Zürich", "Zu\u0308rich"),
        ("İzmir", "izmir"),
    ],
)
def test_spellings_of_one_name_fold_to_one(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


def test_folding_twice_is_folding_once() -> None:
    for name in ("Łódź", "Ærøskøbing", "شؤون", "Ἀθῆναι", "Straße"):
        assert fold_name(fold_name(name)) == fold_name(name)


def test_name_key_reads_hyphens_and_apostrophes_as_spaces() -> None:
    assert name_key("Provence-Alpes-Côte d’Azur") == "provence alpes cote d azur"


def test_words_keep_vowelled_arabic_and_indic_words_whole() -> None:
    assert Words("مُحَمَّد في पेरिस").surfaces == ["مُحَمَّد", "في", "पेरिस"]


def test_a_dot_after_an_initial_ends_no_sentence() -> None:
    assert Words("J. Ross left. He").opens == [True, False, False, True]


@pytest.mark.parametrize(
    ("language", "before", "role"),
    [
        ("fr", "Hier le ministre de l'Intérieur, ", "ministre de l interieur"),
        ("fr", "Hier le ministre de l'Intérieur, M. ", "ministre de l interieur"),
        ("fr", "Pour le Premier ministre ", "premier ministre"),
        ("fr", "Pour le directeur général de la sûreté, ", "directeur general de la surete"),
        ("fr", "Le ministre a reçu ", ""),
        ("fr", "Le ministre a reçu M. ", ""),
        ("fr", "Pour le ministre M. ", "ministre"),
        ("fr", "Le ministre est là. Hier, ", ""),
        ("fr", "Le ministre est là\n", ""),
        ("fr", "Le ministre, qui a reçu ", ""),
        ("fr", "Le préfet a vu le maire, ", "maire"),
        ("fr", "", ""),
        ("fr", ", ", ""),
        ("fr", "M. ", ""),
        ("ar", "وقال وزير الداخلية ", "وزير الداخليه"),
        ("ar", "وقال الوزير ", "الوزير"),
        ("ar", "وقال الوزير إن ", ""),
        ("en", "On Monday Interior Minister ", "interior minister"),
        ("en", "Interior Minister: ", ""),
        ("es", "El alcalde de la villa, ", "alcalde de la villa"),
        ("sw", "Rais wa nchi, ", ""),
    ],
)
def test_a_role_is_what_stands_before_the_name(language: str, before: str, role: str) -> None:
    titles = titles_of(load_titles(GAZETTEERS), language)
    assert role_before(f"{before}Maurice Kettel", len(before), titles) == role
    assert role_before(f"{'x ' * 500}{before}Maurice Kettel", 1000 + len(before), titles) == role


def test_coordinates_population_and_country_come_with_a_city() -> None:
    place = load_places(GAZETTEERS).candidates("طنجة")[0]
    assert (place.kind, place.country, round(place.latitude or 0), place.population > 900_000) == (
        "city",
        "MA",
        36,
        True,
    )


def test_at_least_120_organisations_are_curated() -> None:
    organisations = load_organisations(GAZETTEERS)
    assert len({organisation.entity_id for organisation in organisations.by_name.values()}) >= 120


def test_an_organisation_id_given_twice_is_refused(tmp_path: Path) -> None:
    entry = '{id: "org:x", names: {en: X}}'
    (tmp_path / "organisations.yaml").write_text(f"source: here\norganisations:\n  - {entry}\n  - {entry}\n")
    with pytest.raises(UsageError, match="org:x"):
        load_organisations(tmp_path)


def test_a_gazetteer_without_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("organisations: []\n")
    with pytest.raises(UsageError, match="source"):
        read_gazetteer(tmp_path / "a.yaml")


def test_norwegian_unquoted_is_refused_and_named(tmp_path: Path) -> None:
    (tmp_path / "organisations.yaml").write_text('source: here\norganisations:\n  - {id: "org:x", names: {no: X}}\n')
    with pytest.raises(UsageError, match="org:x"):
        load_organisations(tmp_path)


def test_every_curated_name_in_latin_letters_is_found_as_it_is_written() -> None:
    lexicon = LexiconRecogniser.load(GAZETTEERS)
    content = read_gazetteer(GAZETTEERS / "organisations.yaml")
    missed = []
    for entry in content["organisations"]:
        for names in (entry["names"].get(language, []) for language in ("fr", "es", "en")):
            for name in [names] if isinstance(names, str) else names:
                found = lexicon.find_mentions(f"Later in the week {name} was named.", language="en")
                if " " in name and name not in {mention.surface for mention in found}:
                    missed.append(name)
    assert missed == []
