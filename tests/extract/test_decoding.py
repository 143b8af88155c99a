"""Bytes come back as the text they were, whatever a page declares."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.extract.decoding import decode, decoding_table, detect_codec

SENTENCES = {
    "arabic": (
        "أعلنت الوزارة اليوم أن أشغال الطريق الجديدة ستنتهي قبل نهاية الصيف، وأكد المدير أن السكان سيستفيدون منها."
    ),
    "arabic with french": "صرح السيد Benali للجريدة بأن المشروع société يهم سكان مدينة Tanger كلهم في السنة المقبلة",
    "french": (
        "Le maire a inauguré l'école à côté du château ; les élèves, très émus, ont chanté jusqu'à la fête où ça "
        "rêvait."
    ),
    "french capitals": "ÉLECTIONS : LA GRÈVE DES MÉDECINS S'ACHÈVE À GENÈVE",
    "spanish": (
        "El señor Ibáñez explicó que la reunión será mañana; ¿quién podrá asistir? También irán los niños del "
        "año próximo."
    ),
    "german": (
        "Die Stadträte müssen über größere Gebühren früh entscheiden, sagte der Bürgermeister in Nürnberg höflich."
    ),
    "portuguese": (
        "A população não aceitou as decisões da direção; são muitas as opiniões e já há três petições na câmara."
    ),
}
CODECS = {
    "arabic": ["utf-8", "cp1256", "iso8859_6", "utf-16"],
    "arabic with french": ["utf-8", "cp1256"],
    "french": ["utf-8", "cp1252", "iso8859_15", "cp1256", "utf-16"],
    "french capitals": ["utf-8", "cp1252", "iso8859_15"],
    "spanish": ["utf-8", "cp1252", "iso8859_15"],
    "german": ["utf-8", "cp1252", "iso8859_15"],
    "portuguese": ["utf-8", "cp1252", "iso8859_15"],
}
LABELS = [None, "utf-8", "iso-8859-1", "iso-8859-15", "iso-8859-6", "windows-1252", "windows-1256", "no-such-label"]


@pytest.mark.parametrize(("language", "codec"), [(name, codec) for name, codecs in CODECS.items() for codec in codecs])
@pytest.mark.parametrize("label", LABELS)
def test_text_comes_back_under_every_declaration(language: str, codec: str, label: str | None) -> None:
    sentence = SENTENCES[language]
    if codec == "iso8859_6":
        sentence = sentence.replace("،", ",")
    assert decode(sentence.encode(codec), charset=label, is_html=False) == sentence


@given(
    st.sampled_from([(name, codec) for name, codecs in CODECS.items() for codec in codecs if codec != "iso8859_6"]),
    st.sampled_from(LABELS),
    st.integers(1, 30),
    st.text("abcdefghijklmnop <>/=\"'\n", max_size=300),
)
@settings(max_examples=60, deadline=None)
def test_markup_around_a_text_changes_nothing(
    case: tuple[str, str], label: str | None, times: int, ascii_text: str
) -> None:
    language, codec = case
    text = f"<p>{SENTENCES[language]}</p>\n" * times + ascii_text
    assert decode(text.encode(codec), charset=label, is_html=True) == text


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("政府は昨日、新しい計画を発表した。会長はこの問題について記者に説明した。", "cp932", "Shift_JIS"),
        ("总统昨天表示,政府将努力发展经济,这是国家最重要的工作。", "gb18030", "gb2312"),
        ("정부는 어제 새로운 계획을 발표했다. 이 문제는 국민에게 중요하다.", "cp949", "euc-kr"),
        ("Правительство вчера объявило о новом плане развития городов.", "koi8_r", "koi8-r"),
        ("Правительство вчера объявило о новом плане развития городов.", "cp1251", "windows-1251"),
        ("Rząd ogłosił wczoraj, że źle ocenia możliwość dalszych podwyżek płac.", "cp1250", "windows-1250"),
        ("Hükümet dün yeni planını açıkladı, şehirler için değişiklik söz konusu.", "cp1254", "iso-8859-9"),
        ("Η κυβέρνηση ανακοίνωσε χθες το νέο σχέδιο για τις πόλεις.", "cp1253", "windows-1253"),
    ],
)
def test_a_declared_codec_is_honoured_where_it_fits(text: str, codec: str, label: str) -> None:
    assert decode(text.encode(codec), charset=label, is_html=False) == text
    page = f'<html><head><meta charset="{label}"></head><body>{text}</body></html>'
    assert decode(page.encode(codec), charset=None, is_html=True) == page


def test_broken_bytes_spoil_only_themselves() -> None:
    words = ["élève", "été", "garçon", "où"] * 20
    payload = " ".join(words).encode() + b" \xe9 fin \xff " + "déjà".encode()
    text = decode(payload, charset="iso-8859-1", is_html=False)
    assert text == " ".join(words) + " \ufffd fin \ufffd déjà"


def test_a_page_cut_inside_a_letter_stays_utf8() -> None:
    assert decode("Un élève déçu, tout près".encode()[:-11] + b"\xc3", charset=None, is_html=False).startswith(
        "Un élève"
    )


@pytest.mark.parametrize("bom", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_a_byte_order_mark_decides_and_is_not_text(bom: bytes) -> None:
    codec = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}[bom]
    assert decode(bom + "مرحبا été".encode(codec), charset="windows-1256", is_html=True) == "مرحبا été"


def test_utf16_without_a_mark_is_known_by_its_null_bytes() -> None:
    page = "<html><body>Déjà vu, tout le monde en parle</body></html>"
    assert decode(page.encode("utf-16-le"), charset=None, is_html=True) == page
    assert decode(page.encode("utf-16-be"), charset="utf-8", is_html=True) == page


def test_a_meta_tag_that_says_utf16_is_not_believed() -> None:
    page = '<meta charset="utf-16"><p>voilà</p>'
    assert decode(page.encode(), charset=None, is_html=True) == page


def test_latin1_means_windows_1252() -> None:
    assert decode(b"l\x92\xe9t\xe9 \x93dernier\x94", charset="iso-8859-1", is_html=False) == "l’été “dernier”"


def test_undefined_bytes_are_controls_not_errors() -> None:
    table = decoding_table("cp1252")
    assert len(table) == 256
    assert table[0x81] == "\x81"


def test_the_header_is_believed_before_the_meta_tag() -> None:
    page = b'<meta charset="windows-1250"><p>ni\xf1o, ma\xf1ana</p>'
    assert "niño" in decode(page, charset="windows-1252", is_html=True)


@given(
    st.binary(max_size=400),
    st.sampled_from([*LABELS, "utf-16", "shift_jis", "gb18030", "koi8-r", "hex"]),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_no_bytes_raise(payload: bytes, label: str | None, is_html: bool) -> None:
    assert isinstance(decode(payload, charset=label, is_html=is_html), str)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_utf8_text_comes_back(text: str) -> None:
    assert decode(text.encode(), charset="windows-1256", is_html=False) == text


def test_ascii_is_utf8() -> None:
    assert detect_codec(b"plain words", charset=None, is_html=False) == "utf_8"
