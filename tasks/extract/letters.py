"""What letters the press writes, by legacy codec: the evidence by which `decoding` tells one codec from another."""

# codec -> the letters beyond ASCII of the languages written in it, lower case; a reading is believed when one
# language explains its letters, so the sets stay apart.
LANGUAGE_LETTERS: dict[str, tuple[str, ...]] = {
    "cp1252": (
        "éèàêçâîôûùëïüœ",  # French
        "áéíóúñü",  # Spanish
        "ãõáéíóúâêôçà",  # Portuguese
        "äöüß",  # German
        "àèéìòù",  # Italian
        "àèéíïòóúüç",  # Catalan
        "åäöé",  # Swedish, Finnish
        "æøåé",  # Danish, Norwegian
        "áéíóúýþðæö",  # Icelandic
        "éëïöüèóá",  # Dutch
    ),
    "iso8859_15": ("éèàêçâîôûùëïüœ", "áéíóúñü", "äöüß", "åäöé", "šžõäöü"),
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž", "äöüß"),
    "iso8859_2": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "iso8859_16": ("ăâîșț",),
    "cp1254": ("çğıöşüâî",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"),
    "cp1256": ("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةأإآؤئء",),
    "iso8859_6": ("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةأإآؤئء",),
    "cp1251": (
        "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
        "абвгдђежзијклљмнњопрстћуфхцчџш",
    ),
    "koi8_r": ("абвгдежзийклмнопрстуфхцчшщъыьэюяё",),
    "koi8_u": ("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",),
    "iso8859_5": ("абвгдежзийклмнопрстуфхцчшщъыьэюяё",),
    "cp1253": ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ",),
    "iso8859_7": ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ",),
    "cp1255": ("אבגדהוזחטיךכלםמןנסעףפץצקרשת",),
    "cp874": ("กขคงจฉชซญณดตถทธนบปผพฟภมยรลวศษสหอฮะัาำิีึืุูเแโใไ็่้์ๆ",),
}

# Letters that make up most of a text: what tells two readings of one script apart (koi8-r read as windows-1251 is
# Cyrillic too, but of rare letters in the wrong case).
FREQUENT = frozenset("اليمونرتبعدسهفكقأةح" + "оеаинтсрвлкмдпуяы" + "αοιετσνηυρπκμλ" + "יוהלארתבשמ")

# East Asian characters that make up a good part of any page; kana count by their range.
FREQUENT_CJK = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法"
    "学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高"
    "的這個們來為國說時會對過發後裡經學現當沒動還進樣開從實軍無與長機關點業將兩日本年月市会長者新政府発表東京県学校時間問題関係企業報道記事時報總統"
    "이다는의에을를가은로하고지한기사도리대자서인어시정해부과보전아일나상장제라수여만들국원년동관것그성스공요민정주최위조생발있었했습니까월구"
)

# WHATWG labels -> Python codecs; only what stands here is ever obeyed
# (https://encoding.spec.whatwg.org/#names-and-labels).
_LABELS = {
    "utf_8": "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 x-unicode20utf8",
    "utf_16_le": "utf-16 utf-16le unicode ucs-2 iso-10646-ucs-2 csunicode unicodefeff",
    "utf_16_be": "utf-16be unicodefffe",
    "cp1252": "windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 latin1 latin-1 l1 "
    "ascii us-ascii ansi_x3.4-1968 cp819 ibm819 iso-ir-100 csisolatin1",
    "iso8859_15": "iso-8859-15 iso8859-15 iso885915 iso_8859-15 latin9 latin-9 l9 csisolatin9",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "iso8859_2": "iso-8859-2 iso8859-2 iso88592 iso_8859-2 latin2 l2 csisolatin2",
    "iso8859_3": "iso-8859-3 iso8859-3 latin3",
    "iso8859_4": "iso-8859-4 iso8859-4 latin4",
    "iso8859_10": "iso-8859-10 iso8859-10 latin6",
    "iso8859_13": "iso-8859-13 iso8859-13",
    "iso8859_14": "iso-8859-14 iso8859-14",
    "iso8859_16": "iso-8859-16 iso8859-16",
    "cp1254": "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 iso88599 iso_8859-9 latin5 l5",
    "cp1257": "windows-1257 cp1257 x-cp1257",
    "cp1258": "windows-1258 cp1258 x-cp1258",
    "cp1256": "windows-1256 cp1256 x-cp1256 win-1256 windows1256",
    "iso8859_6": "iso-8859-6 iso8859-6 iso88596 iso_8859-6 iso-8859-6-i iso-8859-6-e arabic ecma-114 asmo-708 "
    "csisolatinarabic",
    "cp1251": "windows-1251 cp1251 x-cp1251 win-1251",
    "koi8_r": "koi8-r koi koi8 koi8_r cskoi8r",
    "koi8_u": "koi8-u koi8-ru",
    "iso8859_5": "iso-8859-5 iso8859-5 iso88595 cyrillic",
    "cp866": "ibm866 cp866 866",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "mac_roman": "macintosh mac x-mac-roman",
    "cp1253": "windows-1253 cp1253 x-cp1253",
    "iso8859_7": "iso-8859-7 iso8859-7 iso88597 greek greek8",
    "cp1255": "windows-1255 cp1255 x-cp1255",
    "iso8859_8": "iso-8859-8 iso8859-8 iso-8859-8-i logical visual hebrew",
    "cp874": "windows-874 cp874 iso-8859-11 iso8859-11 tis-620 dos-874",
    "gb18030": "gb18030 gbk gb2312 gb_2312-80 x-gbk chinese csgb2312",
    "big5hkscs": "big5 big5-hkscs cn-big5 x-x-big5 csbig5",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji windows-31j ms932",
    "euc_jp": "euc-jp x-euc-jp",
    "iso2022_jp": "iso-2022-jp csiso2022jp",
    "cp949": "euc-kr ks_c_5601-1987 ks_c_5601-1989 ksc5601 korean windows-949 cseuckr",
}
CODEC_OF_LABEL = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}
CJK_CODECS = frozenset({"gb18030", "big5hkscs", "cp932", "euc_jp", "iso2022_jp", "cp949"})
