"""Any bytes are a text that UTF-8 can hold, and valid text comes back as it was written."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tasks.extract.decoding import decode
from tasks.extract.letters import CODEC_OF_LABEL

# Invented sentences, long enough that every codec has letters of its own in them.
SENTENCES = {
    "windows-1252": "Le chef de la sûreté a été reçu à l’hôtel où siégeait déjà la délégation étrangère, près du phare",
    "iso-8859-15": "Le préfet a relevé que la grève a coûté près de deux mille € à la régie où les élus siègent depuis",
    "windows-1256": "أعلن رئيس المرفأ أن السفينة وصلت إلى طنجة بعد رحلة طويلة وأن العمال ينتظرون على الرصيف منذ الفجر",
    "iso-8859-6": "أعلن رئيس المرفأ أن السفينة وصلت إلى طنجة بعد رحلة طويلة وأن العمال ينتظرون على الرصيف منذ الفجر",
    "windows-1251": "Начальник порта сообщил что судно прибыло после долгого пути и рабочие ждали его на причале с утра",
    "koi8-r": "Начальник порта сообщил что судно прибыло после долгого пути и рабочие ждали его на причале с утра",
    "iso-8859-5": "Начальник порта сообщил что судно прибыло после долгого пути и рабочие ждали его на причале с утра",
    "windows-1250": "Kapitan powiedział że statek przypłynął późną nocą a robotnicy czekali na nabrzeżu aż do świtu",
    "iso-8859-2": "Kapitan powiedział że statek przypłynął późną nocą a robotnicy czekali na nabrzeżu aż do świtu",
    "windows-1253": "Ο λιμενάρχης ανακοίνωσε ότι το πλοίο έφτασε μετά από μακρύ ταξίδι και οι εργάτες το περίμεναν",
    "windows-1254": "Liman müdürü geminin uzun bir yolculuğun ardından geldiğini ve işçilerin rıhtımda beklediğini söyledi",
    "windows-1255": "מנהל הנמל הודיע כי הספינה הגיעה אחרי מסע ארוך והפועלים חיכו לה על הרציף מאז הבוקר",
    "windows-1257": "Uosto viršininkas pranešė kad laivas atplaukė po ilgos kelionės ir darbininkai jo laukė krantinėje",
    "gb18030": "港口 负责人 说 这 艘 船 在 长途 航行 之后 到达 了 工人 们 从 早上 开始 就 在 码头 等 它",
    "big5": "港口 負責人 說 這 艘 船 在 長途 航行 之後 到達 了 工人 們 從 早上 開始 就 在 碼頭 等 它",
    "shift_jis": "港の 責任者は 船が 長い 旅の あとに 到着したと 発表した 作業員は 朝から 岸壁で 待っていた",
    "euc-jp": "港の 責任者は 船が 長い 旅の あとに 到着したと 発表した 作業員は 朝から 岸壁で 待っていた",
    "iso-2022-jp": "港の 責任者は 船が 長い 旅の あとに 到着したと 発表した 作業員は 朝から 岸壁で 待っていた",
    "euc-kr": "항만 책임자는 배가 긴 여행 끝에 도착했다고 발표했다 노동자들은 아침부터 부두에서 기다리고 있었다",
}
LABELS = st.one_of(st.none(), st.sampled_from(sorted(CODEC_OF_LABEL)), st.text(max_size=20))
MARKUP = [
    b"<meta charset=",
    b"<?xml version='1.0' encoding='",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\x1b$B",
    b"\x00",
]
PAYLOADS = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(st.binary(max_size=20), st.sampled_from(MARKUP)), max_size=12).map(b"".join),
    st.tuples(st.text(max_size=100), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])).map(
        lambda written: written[0].encode(written[1], "surrogatepass")
    ),
)


@given(payload=PAYLOADS, charset=LABELS, is_html=st.booleans())
def test_any_bytes_under_any_label_are_a_text_that_utf8_can_hold(
    payload: bytes, charset: str | None, is_html: bool
) -> None:
    decode(payload, charset=charset, is_html=is_html).encode("utf-8")


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=200), charset=LABELS)
def test_utf8_comes_back_whatever_is_declared(text: str, charset: str | None) -> None:
    assume(not text.startswith("\ufeff") and "\x1b$" not in text)
    assert decode(text.encode(), charset=charset, is_html=False) == text


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@given(text=st.text(st.characters(codec="utf-8"), max_size=200), charset=LABELS)
def test_utf16_under_a_byte_order_mark_comes_back_whatever_is_declared(
    codec: str, text: str, charset: str | None
) -> None:
    assert decode(("\ufeff" + text).encode(codec), charset=charset, is_html=False) == text


@pytest.mark.parametrize("label", SENTENCES)
@given(data=st.data())
def test_words_of_a_language_come_back_in_the_codec_that_is_declared(label: str, data: st.DataObject) -> None:
    words = SENTENCES[label].split()
    order = data.draw(st.permutations(words)) + data.draw(st.lists(st.sampled_from(words), max_size=10))
    text = " ".join(order)
    assert decode(text.encode(label), charset=label, is_html=False) == text
