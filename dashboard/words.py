"""Every text that a visitor sees, in both languages, from one file."""

from collections.abc import Mapping
from pathlib import Path

from config.loading import Strict, build, read_yaml
from dashboard.languages import Language, current

SHIPPED = Path(__file__).with_name("words.yaml")


class Word(Strict):
    zh: str
    en: str


class _WordsFile(Strict):
    words: dict[str, Word]


class Words:
    """Texts by key. An unknown key raises KeyError: the tests find every one that is used."""

    def __init__(self, by_key: Mapping[str, Word]) -> None:
        self.by_key = by_key

    def __call__(self, key: str) -> str:
        """In the language of the current request."""
        return self.of(key, current.get())

    def of(self, key: str, language: Language) -> str:
        word = self.by_key[key]
        return word.zh if language is Language.CHINESE else word.en

    def has(self, key: str) -> bool:
        return key in self.by_key

    def all(self, language: Language) -> dict[str, str]:
        """The whole catalogue in one language, for the scripts in the browser."""
        return {key: self.of(key, language) for key in self.by_key}


def load_words(path: Path = SHIPPED) -> Words:
    """Raises Misconfigured."""
    text, content = read_yaml(path)
    return Words(build(_WordsFile, {"words": content}, file=path, text=text, base=()).words)
