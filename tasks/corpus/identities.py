"""Who is who: the names that the pages of a corpus use, in clusters of one person or body each.

Evidence, from the surest to the weakest: one folded form; one plain spelling (Kettouni, Ketouni); an Arabic given
name in any Latin spelling before the same family name (Mohamed, Muhammad); a transliteration from other scripts; an
acronym that texts define; one letter of difference in the same company and role; and, between Arabic and Latin letters,
the odds of the trained model for every word of the name. Names that share a word only, and whatever is in doubt, stay
apart.

The result depends on the set of forms, not on their order: clusters are made by equal keys, and each Latin cluster
joins at most one Arabic one, so that no chain of likenesses draws strangers together.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, islice, product

from tasks.corpus.name_lexicon import NameLexicon, is_installed
from tasks.corpus.name_words import (
    VOWELS,
    arabic_sounds,
    is_arabic,
    is_latin,
    is_round,
    name_words,
    plain_spelling,
    readings,
    skeleton,
    tells_apart,
)
from tasks.corpus.romanisation import Romanisation, load_romanisation

# To be raised with every change of what a form is or of where it is compared: stored forms are then made anew.
FORMS_RULE = 3
ID_HEX = 16
# Nats for each letter of both words, of the worst word and of all; see benchmarks/romanisation.py for what they let
# through: 92 of 100 pairs of one name, 9 of 10,000 of two names of like length.
MIN_ODDS_A_LETTER = 0.62
MIN_ODDS = 17.0
# What a list of names that has two words as spellings of one counts for.
LISTED_ODDS = 8.0
# For a name of the list the odds may be as low: that a man bears it is likely before a letter is read.
MIN_ODDS_A_LETTER_LISTED = 0.2
# Of a name of one word, and of a body or place: most of those are translated, not transliterated.
MIN_ODDS_ONE_WORD = 12.0
MIN_ODDS_A_LETTER_NO_PERSON = 0.9
# Most comparisons within one block; what is beyond stays apart. A block holds the names of like first and last word.
MAX_COMPARED = 200_000
# A name of more words is none; it would only take time.
MAX_WORDS = 16
# An acronym stands for the long form that most texts which define it give, where that is so many of them.
MIN_SHARE_OF_DEFINITIONS = 2 / 3
# Names that differ in a letter are one person's where so many others stand beside both, and such a share of them.
MIN_COMPANIONS = 3
MIN_SHARE_OF_COMPANIONS = 0.4
MAX_COMPANIONS = 32
# A role that a text gives a person counts among its companions under this type.
ROLE = "role"
MIN_LETTERS_MISSPELT = 5
MAX_MISSPELT = 50

When = tuple[int, str]


@dataclass(frozen=True, slots=True)
class NameForm:
    """One folded form of a name: its type, how it is written most, its first mention (µs, document_id), its documents.

    `definitions` are the long forms (keys) that texts give for an acronym (`is_acronym`), with the number of those
    texts; `companions` are hashes (`companion_hash`) of whom its documents name beside it and of the roles they give
    it, the smallest MAX_COMPANIONS.
    """

    type: str
    key: str
    name: str
    first: When
    n_documents: int = 1
    definitions: tuple[tuple[str, int], ...] = ()
    companions: frozenset[int] = frozenset()

    @property
    def own_id(self) -> str:
        """The id that is minted for this form alone: of its first mention, a fact of the raw pages."""
        stated = "\0".join((self.type, self.first[1], self.key))
        return f"{self.type.lower()}:{hashlib.sha256(stated.encode()).hexdigest()[:ID_HEX]}"

    @property
    def rank(self) -> tuple[When, str]:
        """The order of age: the first mention, then the key."""
        return (self.first, self.key)


@dataclass(frozen=True)
class Cluster:
    """The forms of one person or body, oldest first."""

    forms: tuple[NameForm, ...]

    @property
    def entity_id(self) -> str:
        """The oldest id."""
        return self.forms[0].own_id

    @property
    def aliases(self) -> tuple[str, ...]:
        """The ids of all other forms."""
        return tuple(form.own_id for form in self.forms[1:])

    @cached_property
    def name(self) -> str:
        """The preferred name: in Latin letters where one is, of the form that most documents use, then the oldest."""
        latin = [form for form in self.forms if is_latin("".join(name_words(form.name)))]
        full = [form for form in latin or self.forms if len(name_words(form.name)) > 1]
        return min(full or latin or self.forms, key=lambda form: (-form.n_documents, form.rank)).name


def cluster_names(
    forms: Iterable[NameForm], *, given_names: frozenset[str], lexicon: NameLexicon | None
) -> list[Cluster]:
    """The clusters of some forms, by age; forms of two types are never in one.

    `given_names` are folded Arabic given names in Arabic letters. Without `lexicon` names of other scripts stay apart,
    and so do words that only a list of names can tell for one.
    """
    by_type: dict[str, list[NameForm]] = defaultdict(list)
    for form in sorted(forms, key=lambda form: form.rank):
        by_type[form.type].append(form)
    clusters = []
    given = _GivenNames(given_names)
    odds = _WordOdds(load_romanisation(), given, lexicon)
    for type_ in sorted(by_type):
        groups = _Groups(by_type[type_])
        _join_equal(groups, given, lexicon, is_person=type_ == "PER")
        if type_ == "ORG":
            _join_acronyms(groups)
        if type_ == "PER":
            _join_misspelt(groups, lexicon)
        _join_scripts(groups, odds, is_person=type_ == "PER")
        clusters += [Cluster(tuple(members)) for members in groups.members()]
    return sorted(clusters, key=lambda cluster: cluster.forms[0].rank)


def forms_rule() -> str:
    """By which rule forms are made here: with the libraries for other scripts they are in further blocks."""
    return f"{FORMS_RULE} {'all scripts' if is_installed() else 'Arabic and Latin'}"


class _Groups:
    """Sets of forms that are joined two by two (union-find); the oldest form stands for its set."""

    def __init__(self, forms: Sequence[NameForm]) -> None:
        self.forms = forms
        self._parent = list(range(len(forms)))

    def find(self, index: int) -> int:
        """The oldest form of a form's set."""
        root = index
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[index] != root:
            self._parent[index], index = root, self._parent[index]
        return root

    def join(self, one: int, other: int) -> None:
        """Make one set of two."""
        first, second = sorted((self.find(one), self.find(other)))
        self._parent[second] = first

    def join_equal(self, keys: Iterable[tuple[int, object]]) -> None:
        """Join the forms that have a key in common."""
        seen: dict[object, int] = {}
        for index, key in keys:
            if seen.setdefault(key, index) != index:
                self.join(seen[key], index)

    def members(self) -> Iterator[list[NameForm]]:
        """The sets, each by age."""
        sets: dict[int, list[NameForm]] = defaultdict(list)
        for index, form in enumerate(self.forms):
            sets[self.find(index)].append(form)
        yield from sets.values()


class _GivenNames:
    """Tells which Arabic given name a Latin word spells."""

    def __init__(self, names: frozenset[str]) -> None:
        self._model = load_romanisation()
        self._by_skeleton: dict[str, list[str]] = defaultdict(list)
        for name in sorted({"".join(name_words(name)) for name in names if is_arabic(name)}):
            if len(name) > 2:
                self._by_skeleton[skeleton(name)].append(name)
        self._known: dict[str, tuple[float, str]] = {}

    def spelt(self, word: str, *, min_odds_a_letter: float = MIN_ODDS_A_LETTER) -> str | None:
        """The Arabic given name of a Latin word, the likeliest of the list; None where it is none."""
        if word not in self._known:
            odds = [
                (
                    self._model.odds(name, word, min_odds_a_letter=MIN_ODDS_A_LETTER_LISTED) / (len(name) + len(word)),
                    name,
                )
                for name in self._by_skeleton.get(skeleton(word), ())
                if not tells_apart(name, word)
            ]
            self._known[word] = max(odds, default=(0.0, ""))
        odds_a_letter, name = self._known[word]
        return name if odds_a_letter >= min_odds_a_letter and name else None


def blocks_of(form: NameForm, *, acronyms: Iterable[str] = (), lexicon: NameLexicon | None) -> frozenset[str]:
    """Where a form is compared with others: forms that have no block in common are never joined directly.

    `acronyms` are those that texts define as the form.
    """
    words = _latin_words(form, lexicon)
    # A name without a word is compared with none, but is in a block of its own.
    found = {f"{form.type} {block}" for block in _blocks(words, form.type) or {form.key}}
    if form.type == "PER":
        found |= {f"PER ? {spelling}" for spelling in _misspellings(words)}
    if form.type == "ORG":
        found |= {f"ORG ~ {acronym}" for acronym in (form.key, *acronyms) if is_acronym(acronym)}
    return frozenset(found)


def is_acronym(key: str) -> bool:
    """Whether a key may be that of an acronym: one word, or letters alone ('o g p' of O.G.P.)."""
    return " " not in key or all(len(word) == 1 for word in key.split(" "))


def companion_hash(type_: str, identity: str) -> int:
    """The hash (64 bits) of a person or organisation by entity_id or key, or of a role, among a name's companions."""
    return int.from_bytes(hashlib.blake2b(f"{type_}\0{identity}".encode(), digest_size=8).digest(), "big")


def _misspellings(words: tuple[str, ...]) -> list[str]:
    """The name with its last word one letter shorter, in every way: two that differ in a letter have one in common.

    The first letter of a word is the one that people get right.
    """
    if len(words) < 2 or len(words[-1]) < MIN_LETTERS_MISSPELT:
        return []
    family = words[-1]
    shorter = (family[:at] + family[at + 1 :] for at in range(1, len(family)))
    before = " ".join(map(plain_spelling, words[:-1]))
    return sorted({f"{before} {spelling}" for spelling in (family, *shorter)})


def _join_misspelt(groups: _Groups, lexicon: NameLexicon | None) -> None:
    """Join names whose last words differ in one letter, where the same people, bodies and roles stand beside both.

    Edmond Varley is Edmond Varney where both are named among the same; and two men of one document are not one.
    """
    by_spelling: dict[str, list[int]] = defaultdict(list)
    for index, form in enumerate(groups.forms):
        if len(form.companions) >= MIN_COMPANIONS:
            for spelling in _misspellings(_latin_words(form, lexicon)):
                by_spelling[spelling].append(index)
    for spelling in sorted(by_spelling):
        same = by_spelling[spelling][:MAX_MISSPELT]
        for one, other in combinations(same, 2):
            if groups.find(one) != groups.find(other) and _are_in_one_company(groups.forms[one], groups.forms[other]):
                groups.join(one, other)


def _are_in_one_company(one: NameForm, other: NameForm) -> bool:
    if companion_hash(one.type, one.key) in other.companions or companion_hash(other.type, other.key) in one.companions:
        return False
    # Of a set that was cut, what is beyond its largest hash is not known: the two are compared up to there.
    cut = [max(form.companions) for form in (one, other) if len(form.companions) == MAX_COMPANIONS]
    reach = min(cut, default=2**64)
    company, others = ({hash_ for hash_ in form.companions if hash_ <= reach} for form in (one, other))
    n_shared = len(company & others)
    return n_shared >= MIN_COMPANIONS and n_shared / min(len(company), len(others)) >= MIN_SHARE_OF_COMPANIONS


def _latin_words(form: NameForm, lexicon: NameLexicon | None) -> tuple[str, ...]:
    """The words of a name, of one in another script than Arabic and Latin as it is romanised."""
    words = name_words(form.name)
    if words and lexicon and not is_arabic(words[0]) and not is_latin("".join(words)):
        return name_words(lexicon.transliterate(form.name))
    return words


def _plain(words: tuple[str, ...], type_: str) -> tuple[str, ...]:
    return tuple(map(plain_spelling, words)) if type_ == "PER" else words


def _join_equal(groups: _Groups, given_names: _GivenNames, lexicon: NameLexicon | None, *, is_person: bool) -> None:
    """Join what is written alike, whatever the script, by keys that are equal."""
    spelt: list[tuple[int, object]] = []
    by_given: list[tuple[int, object]] = []
    with_initials: dict[tuple[str, ...], dict[tuple[str, ...], int]] = defaultdict(dict)
    for index, form in enumerate(groups.forms):
        words = _latin_words(form, lexicon)
        if not words:
            continue
        plain = _plain(words, form.type)
        spelt.append((index, "".join(plain)))
        if not is_person or len(words) == 1:
            continue
        given = given_names.spelt(words[0]) if is_latin(words[0]) else None
        if given is not None:
            by_given.append((index, (given, is_round(words[0]), "".join(plain[1:]))))
        if len(words[0]) > 1 and len(words[-1]) > 1:
            initials = tuple(word for word in words if len(word) == 1)
            with_initials[tuple(word for word in words if len(word) > 1)].setdefault(initials, index)
    groups.join_equal(spelt)
    groups.join_equal(by_given)
    for variants in with_initials.values():
        # George W. Bush is not George H. W. Bush, and who George Bush is nobody says then.
        if len(variants) == 2 and () in variants:
            groups.join(*variants.values())


def _join_acronyms(groups: _Groups) -> None:
    """Join an acronym with the long form that texts define it by."""
    by_key = {form.key: index for index, form in enumerate(groups.forms)}
    for index, form in enumerate(groups.forms):
        definitions: Counter[int] = Counter()
        for key, n_texts in form.definitions:
            if key in by_key:
                definitions[groups.find(by_key[key])] += n_texts
        if definitions:
            meant, n_texts = min(definitions.items(), key=lambda item: (-item[1], item[0]))
            if n_texts / definitions.total() >= MIN_SHARE_OF_DEFINITIONS:
                groups.join(index, meant)


def _join_scripts(groups: _Groups, odds: "_WordOdds", *, is_person: bool) -> None:
    """Join each set of Latin forms with the Arabic one whose name it most likely spells, where that is likely."""
    best: dict[int, tuple[float, int]] = {}
    likely: dict[int, set[int]] = defaultdict(set)
    for latin_index, arabic_index, found in _likely_pairs(groups, odds, is_person=is_person):
        root = groups.find(latin_index)
        likely[arabic_index].add(root)
        if (found, -arabic_index) > best.get(root, (0.0, 0)):
            best[root] = (found, -arabic_index)
    wanted: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for root, (found, arabic_index) in best.items():
        wanted[groups.find(-arabic_index)].append((-found, root))
    for arabic_index, latin_sets in sorted(wanted.items()):
        _, likeliest = min(latin_sets)
        for _, root in sorted(latin_sets):
            # One Arabic name may be that of two brothers: عمر is Omar, and then not Amar.
            if not is_person or _begins_alike(groups.forms[likeliest], groups.forms[root]):
                groups.join(root, arabic_index)
    _join_respelt(groups, likely, taken={groups.find(-arabic_index) for _, arabic_index in best.values()})


def _likely_pairs(groups: _Groups, odds: "_WordOdds", *, is_person: bool) -> Iterator[tuple[int, int, float]]:
    """(Latin form, Arabic form, odds) of the names in one block that may be one; a pair may come twice."""
    blocks: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for index, form in enumerate(groups.forms):
        words = name_words(form.name)
        if words and (is_arabic(words[0]) or all(map(is_latin, words))):
            for block in _blocks(words, form.type):
                blocks[block][0 if is_arabic(words[0]) else 1].append(index)
    for key in sorted(blocks):
        arabic, latin = blocks[key]
        for latin_index, arabic_index in islice(product(latin, arabic), MAX_COMPARED):
            words = name_words(groups.forms[latin_index].name)
            found = odds.of_names(name_words(groups.forms[arabic_index].name), words, is_person=is_person)
            if found is not None:
                yield latin_index, arabic_index, found


def _join_respelt(groups: _Groups, likely: dict[int, set[int]], *, taken: set[int]) -> None:
    """Join Arabic names that spell the Latin name of another one, and differ from that in the letter for a sound alone.

    أنجيلا and أنغيلا are both Angela; قاسم and جاسم are two men, whose Latin names differ too. `likely` are the Latin
    sets that an Arabic form may spell; those in `taken` have one already.
    """
    spelt: dict[tuple[int, tuple[str, ...]], int] = {}
    free = []
    for arabic_index in sorted(likely):
        sounds = tuple(map(arabic_sounds, name_words(groups.forms[arabic_index].name)))
        if groups.find(arabic_index) in taken:
            spelt.setdefault((groups.find(arabic_index), sounds), arabic_index)
        else:
            free.append((arabic_index, sounds))
    joins = [
        (arabic_index, other)
        for arabic_index, sounds in free
        for root in sorted(likely[arabic_index])
        if (other := spelt.get((groups.find(root), sounds))) is not None
    ]
    for arabic_index, other in joins:
        groups.join(arabic_index, other)


def _begins_alike(one: NameForm, other: NameForm) -> bool:
    first, second = name_words(one.name)[0], name_words(other.name)[0]
    return not (first[0] in VOWELS and second[0] in VOWELS) or is_round(first) == is_round(second)


def _blocks(words: tuple[str, ...], type_: str) -> set[str]:
    """The skeletons of a name: of all its words, of its first and the others, of its first and last.

    With an article inside and without. Each key by which `_join_equal` joins has the same skeleton in all its forms.
    """
    plain = _plain(words, type_)
    joined = "".join(plain)
    blocks = {skeleton(joined) or joined} - {""}
    if len(words) > 1:
        ends = [readings(word) if is_latin(word) else (word,) for word in (words[0], words[-1])]
        pairs = [(first, last) for first in ends[0] for last in ends[1]]
        if type_ == "PER":
            pairs.append((words[0], "".join(plain[1:])))
        blocks |= {f"{skeleton(first) or first} {skeleton(last) or last}" for first, last in pairs}
    return blocks


class _WordOdds:
    """The odds that names are one, word by word, each pair of words compared once."""

    def __init__(self, model: Romanisation, given_names: _GivenNames, lexicon: NameLexicon | None) -> None:
        self._model = model
        self._given_names = given_names
        self._lexicon = lexicon
        self._known: dict[tuple[str, str], tuple[float, float]] = {}

    def of_names(self, arabic: tuple[str, ...], latin: tuple[str, ...], *, is_person: bool) -> float | None:
        """The odds of two names, in nats; None where they are too low, or those of one word are."""
        found = self._aligned(arabic, latin)
        if found is None:
            return None
        worst, total = found
        is_one_word = min(len(arabic), len(latin)) == 1
        due = MIN_ODDS_A_LETTER if is_person and not is_one_word else MIN_ODDS_A_LETTER_NO_PERSON
        return total if worst >= due and total >= (MIN_ODDS_ONE_WORD if is_one_word else MIN_ODDS) else None

    def _aligned(self, arabic: tuple[str, ...], latin: tuple[str, ...]) -> tuple[float, float] | None:
        """(odds a letter of the worst word, odds of all) of the best way to pair the words in order.

        Two words of one side may be one of the other. None where none pairs them all.
        """
        n_arabic, n_latin = len(arabic), len(latin)
        if n_arabic > 2 * n_latin or n_latin > 2 * n_arabic or n_arabic + n_latin > 2 * MAX_WORDS:
            return None
        ways: dict[tuple[int, int], tuple[float, float]] = {(0, 0): (float("inf"), 0.0)}
        for i in range(n_arabic + 1):
            for j in range(n_latin + 1):
                so_far = ways.get((i, j))
                if so_far is None:
                    continue
                for to_i, to_j in ((i + 1, j + 1), (i + 1, j + 2), (i + 2, j + 1)):
                    if to_i > n_arabic or to_j > n_latin:
                        continue
                    a_letter, odds = self._of_words("".join(arabic[i:to_i]), "".join(latin[j:to_j]))
                    if a_letter < MIN_ODDS_A_LETTER:
                        continue
                    way = (min(so_far[0], a_letter), so_far[1] + odds)
                    if way > ways.get((to_i, to_j), (0.0, 0.0)):
                        ways[to_i, to_j] = way
        return ways.get((n_arabic, n_latin))

    def _of_words(self, arabic: str, latin: str) -> tuple[float, float]:
        known = self._known.get((arabic, latin))
        if not is_arabic(arabic[-1]):  # the number of a ruler, alone or with the word before it
            return (LISTED_ODDS, LISTED_ODDS) if arabic == latin else (-1.0, -1.0)
        if known is None:
            known = (-1.0, -1.0)
            if 0.4 <= len(latin) / len(arabic) <= 3:
                for reading in readings(latin):
                    if tells_apart(arabic, reading):
                        continue
                    odds = self._model.odds(arabic, reading, min_odds_a_letter=MIN_ODDS_A_LETTER)
                    known = max(known, (odds / (len(arabic) + len(reading)), odds))
            if known[0] < MIN_ODDS_A_LETTER and self._is_listed(arabic, latin):
                known = (MIN_ODDS_A_LETTER, LISTED_ODDS)
            self._known[arabic, latin] = known
        return known

    def _is_listed(self, arabic: str, latin: str) -> bool:
        """Whether a Latin word is a spelling of an Arabic one by a list of names, where their consonants agree."""
        if skeleton(arabic) != skeleton(latin) or tells_apart(arabic, latin):
            return False
        if self._given_names.spelt(latin, min_odds_a_letter=MIN_ODDS_A_LETTER_LISTED) == arabic:
            return True
        return self._lexicon is not None and bool(self._lexicon.symbols(arabic) & self._lexicon.symbols(latin))


def identities(clusters: Iterable[Cluster]) -> Mapping[tuple[str, str], Cluster]:
    """(type, key) of each form -> its cluster."""
    return {(form.type, form.key): cluster for cluster in clusters for form in cluster.forms}
