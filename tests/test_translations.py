"""Nine languages: complete, with the same placeholders, short enough, and calling things as they are called."""

import json
import re

import pytest

from script.lib import translations
from script.lib.translations import ENGLISH, LANGUAGES, ROOT

PARTS = ("integration", "card", "blueprint")
DOCUMENT = ROOT / "docs" / "translating.md"


def test_nothing_is_missing_old_or_wrong() -> None:
    assert translations.all_findings() == []


@pytest.mark.parametrize("part", PARTS)
def test_there_are_nine_languages_and_no_other(part) -> None:
    english = [] if part == "blueprint" else [ENGLISH]
    files = translations.file_of(part, ENGLISH).parent.glob("*.json")
    assert sorted(file.stem for file in files) == sorted([*english, *LANGUAGES])


def test_the_glossary_has_a_word_of_every_language_for_every_term() -> None:
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    head = next(index for index, line in enumerate(rows) if line.startswith("| English |"))
    assert [cell.strip() for cell in rows[head].strip("|").split("|")][1:] == list(translations.NAMES.values())
    terms = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[head + 2 :]]
    assert len(terms) > 50
    for term in terms:
        assert len(term) == 1 + len(LANGUAGES), term[0]
        assert all(term), term[0]


def changed(monkeypatch, language: str, part: str, **texts: str | None) -> list[str]:
    """Return the findings about a part in a language with some texts changed; None takes one away."""
    real = translations.texts_of
    ours = real(part, language) | {path.replace("__", "."): text for path, text in texts.items() if text is not None}
    for path, text in texts.items():
        if text is None:
            del ours[path.replace("__", ".")]
    monkeypatch.setattr(
        translations, "texts_of", lambda kind, code: ours if (kind, code) == (part, language) else real(kind, code)
    )
    return list(translations.findings(part, language))


@pytest.mark.parametrize(
    ("part", "path", "text", "finding"),
    [
        ("integration", "exceptions__read_only__message", None, "missing"),
        ("integration", "exceptions__nobody_says_this__message", "Nein.", "no such English text"),
        ("integration", "exceptions__read_only__message", "Das Pack erlaubt es nicht.", "placeholders"),
        ("integration", "exceptions__read_only__message", "{parameter}\n{parameter}", "lines"),
        ("integration", "exceptions__no_data__message", " ", "no such English text"),
        ("integration", "exceptions__stale__message", "", "empty"),
        (
            "integration",
            "exceptions__stale__message",
            "The latest values of the pack are too old, so nothing was sent. Try again when they are current.",
            "not translated",
        ),
        (
            "integration",
            "entity__sensor__voltage__name",
            "Die elektrische Spannung des ganzen Batteriepacks",
            "too long",
        ),
        (
            "integration",
            "entity__sensor__protection_state__state_attributes__tripped__state__cell_overvoltage",
            "Anders",
            "not the same",
        ),
        ("integration", "exceptions__control_off__message", "Die Steuerung ist aus.", "does not name"),
        ("integration", "exceptions__read_only__message", "Ohne d'{parameter}.", "apostrophe"),
        ("integration", "exceptions__read_only__message", "Ohne {parameter.", "brace"),
        ("card", "capacity", "Die Kapazität dieses Batteriepacks", "too long for the cards"),
    ],
)
def test_what_is_wrong_is_found(monkeypatch, part, path, text, finding) -> None:
    assert any(finding in found for found in changed(monkeypatch, "de", part, **{path: text}))


def test_a_text_that_no_card_uses_is_found(monkeypatch) -> None:
    english = translations.texts_of("card", ENGLISH) | {"nobody_asks_for_this": "Hello"}
    monkeypatch.setattr(translations, "texts_of", lambda *_: english)
    assert translations.unused_card_texts() == ["nobody_asks_for_this"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translated_blueprint_does_the_same(language) -> None:
    for file in translations.BLUEPRINTS.glob("*.yaml"):
        copy = (translations.BLUEPRINTS / language / file.name).read_text()
        ours, theirs = (
            re.sub(r'^    \w+: ".*"\n|^( +- stop: ).*$', r"\1", text[text.index("\nmode:") :], flags=re.MULTILINE)
            for text in (file.read_text(), copy)
        )
        assert ours == theirs, file.name


def test_texts_are_typed_well() -> None:
    for language in (ENGLISH, *LANGUAGES):
        for part in PARTS:
            for path, text in translations.texts_of(part, language).items():
                assert text == text.strip(), (language, path)
                assert "  " not in text.replace("\n", ""), (language, path)
                assert not re.search(r"\.\.\.|[ \t][,;.](\s|$)|''", text), (language, path, text)


def test_files_are_written_as_the_command_writes_them() -> None:
    for language in LANGUAGES:
        for part in PARTS:
            file = translations.file_of(part, language)
            text = file.read_text()
            assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n", file
