"""Month names as the press writes them; the words that make a date one of publication, of change, or a Hijri one."""

import unicodedata

# By month: English, French, Spanish, German, Italian, Portuguese, Dutch, Turkish, Indonesian; then Arabic of the Gulf
# and Egypt, of Algeria and Tunisia, of Morocco, of the Levant; then Persian and Russian.
_MONTHS = (
    "january jan janvier janv enero ene januar jänner gennaio gen janeiro januari ocak يناير جانفي كانون_الثاني "
    "ژانویه января",
    "february feb fevrier fevr fev febrero februar febbraio fevereiro februari şubat فبراير فيفري شباط فوریه "
    "февраля",
    "march mar mars marzo märz maerz março maart mart maret مارس آذار اذار марта",
    "april apr avril avr abril abr aprile nisan أبريل ابريل إبريل أفريل افريل نيسان آوریل апреля",
    "may mai mayo maggio mag maio mei mayıs مايو ماي أيار ايار مه мая",
    "june jun juin junio juni giugno giu junho haziran يونيو يونيه جوان حزيران يونيو ژوئن июня",
    "july jul juillet juil julio juli luglio lug julho temmuz يوليو يوليوز يوليه جويلية جويليه تموز ژوئیه июля",
    "august aug aout agosto ago augustus ağustos agustus أغسطس اغسطس غشت أوت اوت آب اوت августа",
    "september sep sept septembre septiembre setiembre settembre set setembro eylül سبتمبر شتنبر أيلول ايلول "
    "سپتامبر сентября",
    "october oct octobre octubre oktober okt ottobre ott outubro out ekim أكتوبر اكتوبر تشرين_الأول تشرين_الاول "
    "اکتبر октября",
    "november nov novembre noviembre novembro kasım نوفمبر نونبر تشرين_الثاني نوامبر ноября",
    "december dec decembre diciembre dic dezember dez dicembre dezembro aralık desember ديسمبر دجنبر كانون_الأول "
    "كانون_الاول دسامبر декабря",
)  # fmt: skip

# Months of the Islamic calendar: a date that bears one of these, or a year marked هـ, is never read as Gregorian.
_HIJRI = (
    "محرم صفر ربيع_الأول ربيع_الاول ربيع_الثاني ربيع_الآخر جمادى_الأولى جمادى_الاولى جمادى_الثانية جمادى_الآخرة "
    "رجب شعبان رمضان شوال "
    "ذو_القعدة ذي_القعدة ذو_الحجة ذي_الحجة muharram safar rabi rajab shaaban ramadan shawwal"
)


def fold(text: str) -> str:
    """The text in lower case without Latin accents, Arabic vowel signs and tatweel; hamza and Persian letters stay."""
    lowered = text.lower().replace("ı", "i").replace("ـ", "")
    if lowered.isascii():
        return lowered
    kept = (char for char in unicodedata.normalize("NFD", lowered) if not _is_mark(char))
    return unicodedata.normalize("NFC", "".join(kept))


def _is_mark(char: str) -> bool:
    """Accents and vowel signs; not the hamza and madda that NFD takes off Arabic letters."""
    return unicodedata.category(char) == "Mn" and not "\u0653" <= char <= "\u0655"


MONTH_NUMBER: dict[str, int] = {
    fold(name).replace("_", " "): number for number, names in enumerate(_MONTHS, 1) for name in names.split()
}
HIJRI_MONTHS: tuple[str, ...] = tuple(fold(name).replace("_", " ") for name in _HIJRI.split())

# A line that bears one of these says when the page was published.
PUBLISHED_WORDS = tuple(
    fold(word)
    for word in (
        "publié", "publiée", "mis en ligne", "posté", "published", "posted", "publication", "publicado", "publicada",
        "veröffentlicht", "pubblicato", "created", "créé", "نشر", "النشر", "نشرت", "تاريخ النشر", "كتب", "أدرج", "منذ",
        "parution", "paru le", "paru dans", "parue le", "parue dans", "بتاريخ", "erstellt",
    )
)  # fmt: skip
# Of these the ones that speak of other things too: a group's making, what someone wrote, how long ago.
LOOSE_WORDS = frozenset(fold(word) for word in ("created", "créé", "erstellt", "منذ", "كتب"))
MODIFIED_WORDS = tuple(
    fold(word)
    for word in (
        "updated", "modified", "last update", "mis à jour", "mise à jour", "modifié", "actualizado", "actualizada",
        "aktualisiert", "geändert", "aggiornato", "atualizado", "تحديث", "آخر تحديث", "تعديل",
    )
)  # fmt: skip
