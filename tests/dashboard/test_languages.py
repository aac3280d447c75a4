"""Which language a visitor gets."""

import pytest

from dashboard.languages import Language, negotiate

ZH, EN = Language.CHINESE, Language.ENGLISH


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "expected"),
    [
        ("", "", "", ZH),
        ("", "", "en-GB,en;q=0.9", EN),
        ("", "", "zh-CN,zh;q=0.9,en;q=0.8", ZH),
        ("", "", "zh-TW", ZH),
        ("", "", "fr-FR,de;q=0.9", ZH),
        ("", "", "fr-FR,en;q=0.5", EN),
        ("", "", "zh;q=0.2,en;q=0.9", EN),
        ("", "citybrain_language=en", "zh-CN", EN),
        ("lang=zh-CN", "citybrain_language=en", "en", ZH),
        ("lang=en", "", "zh-CN", EN),
        ("lang=xx", "", "en", EN),
        ("lang=en;q=nonsense", "", ";;q=x,,", ZH),
        ("", 'citybrain_language="broken', "en", EN),
    ],
)
def test_the_wish_comes_before_the_cookie_before_the_browser(
    query: str, cookie: str, accept: str, expected: Language
) -> None:
    assert negotiate(query=query, cookie=cookie, accept=accept, default=ZH) is expected


def test_the_installation_has_the_last_word() -> None:
    assert negotiate(query="", cookie="", accept="", default=EN) is EN
