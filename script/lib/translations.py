"""Checks the translations of the integration, the cards and the blueprints, and writes what follows from them.

Some texts are the same as others on purpose: the codes in the attributes of entities have the names of what they stand for. They are derived, in every
language, so that nobody translates them twice. Blueprints cannot be translated by Home Assistant: each language has copies of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
import json
from pathlib import Path
import re
from string import Formatter
import sys
from typing import Any, Final
from urllib.parse import quote

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
ENGLISH: Final = "en"
LANGUAGES: Final = ("cs", "de", "es", "fr", "nl", "pl", "uk", "zh-Hans")
"""Beside English."""
BLUEPRINTS: Final = ROOT / "blueprints" / "automation" / "smart_bms"
_FOLDERS: Final = {
    "integration": ROOT / "custom_components" / "smart_bms" / "translations",
    "card": ROOT / "frontend" / "src" / "texts",
    "blueprint": ROOT / "blueprints" / "texts",
}
_WIDTH: Final = 120
_LONGEST_NAME: Final = 44
"""Characters of a name or a state of an entity that a phone shows in two lines; longer only where English is."""
_LONGEST_ON_CARD: Final = 1.7
"""Times the length of the English, for texts of the cards that are longer than `_SHORT` characters."""
_SHORT: Final = 18
_MANY_WORDS: Final = 4
"""A text of so many words that is the same in two languages was not translated."""

type Flat = dict[str, str]


# Files.


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text with its path, the keys joined by dots."""
    for key, branch in tree.items():
        path = f"{prefix}.{key}" if prefix else key
        if isinstance(branch, str):
            yield path, branch
        else:
            yield from flatten(branch, path)


def nest(flat: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the tree of texts with paths, in their order."""
    tree: dict[str, Any] = {}
    for path, text in flat:
        *branches, leaf = path.split(".")
        place = tree
        for branch in branches:
            place = place.setdefault(branch, {})
        place[leaf] = text
    return tree


def file_of(part: str, language: str) -> Path:
    """Return the file with the texts of the integration, the cards or the blueprints in a language."""
    return _FOLDERS[part] / f"{language}.json"


def texts_of(part: str, language: str) -> Flat:
    """Return the texts of a part in a language by path. Those of blueprints are English in the blueprints themselves."""
    if part == "blueprint" and language == ENGLISH:
        return {
            path: text
            for file in sorted(BLUEPRINTS.glob("*.yaml"))
            for path, text in flatten(_blueprint_texts(file.read_text()), file.stem)
        }
    return dict(flatten(json.loads(file_of(part, language).read_text())))


def write_texts(part: str, language: str, texts: Mapping[str, str], order: Iterable[str]) -> None:
    """Write the texts of a part in a language, in the order of the English ones."""
    tree = nest((path, texts[path]) for path in order if path in texts)
    file = file_of(part, language)
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(tree, ensure_ascii=False, indent=2) + "\n")


# What is derived.

_STATUS: Final = "entity.sensor.status.state_attributes"
_PLACE: Final = {
    "pack": f"{_STATUS}.pack.name",
    "place": "entity.sensor.cell_voltage_min.state_attributes.place.name",
}
"""Where in a bank a lowest or highest value was found."""
_LIMITED_BY: Final = "entity.sensor.charge_current_limit.state_attributes.limited_by"
_NAMES_OF_ATTRIBUTES: Final = {
    "entity.event.protection_event": {
        **{key: f"{_STATUS}.{key}.name" for key in ("value", "limit", "release", "unit")},
        "blocks": "entity.sensor.nearest_protection.state_attributes.blocks.name",
        **{key: f"entity.sensor.{key}.name" for key in ("cell_voltage_max", "cell_voltage_min", "current", "soc")},
        **{key: f"entity.sensor.{key}.name" for key in ("cell_max_number", "cell_min_number")},
    },
    "entity.sensor.steering_preview": {"targets": "entity.sensor.steering_state.state_attributes.targets.name"},
    "entity.sensor.charge_voltage_limit": {"limited_by": f"{_LIMITED_BY}.name"},
    "entity.sensor.charge_current_limit": {"balance_difference": "entity.sensor.cell_voltage_delta.name"},
    "entity.event.event_log": {key: f"{_STATUS}.{key}.name" for key in ("cell", "value")},
    **{
        f"entity.sensor.{key}": _PLACE
        for key in ("cell_voltage_min", "cell_voltage_max", "temperature_min", "temperature_max")
    },
    "entity.binary_sensor.uneven_current": {"shares": "entity.sensor.current.state_attributes.shares.name"},
    "entity.switch.discharge_switch": {"packs": "entity.switch.charge_switch.state_attributes.packs.name"},
}
"""Attributes that are called like something else."""


def _below(texts: Mapping[str, str], prefix: str, suffix: str = "") -> dict[str, str]:
    """Return the paths of all texts between a prefix and a suffix, by the key between them."""
    found = re.compile(re.escape(prefix) + r"([a-z0-9_]+)" + re.escape(suffix))
    return {match[1]: path for path in texts if (match := found.fullmatch(path))}


def derived(texts: Mapping[str, str]) -> dict[str, str]:
    """Return, by the path of each derived text of the integration, the path of the text that it repeats."""
    sensor, binary, event = "entity.sensor", "entity.binary_sensor", "entity.event.protection_event"
    protections = _below(texts, f"{sensor}.nearest_protection.state.")
    protections.pop("none_near")
    alarms = _below(texts, f"{binary}.alarm_", ".name")
    subjects = _below(texts, "selector.subject.options.")
    named = subjects | alarms | protections
    reasons = f"{binary}.charge_allowed.state_attributes.reasons.state."
    own = {key: path for key, path in _below(texts, reasons).items() if key not in named}
    sides = {side: f"{binary}.{side[:-1]}ing.name" for side in ("charge", "discharge")}
    limited_by = f"{sensor}.charge_current_limit.state_attributes.limited_by.state."
    status = f"{sensor}.status.state"
    # A bank is also limited by what its packs are, and a pack by what is not known of it.
    limits = (
        named
        | own
        | {"left_out": f"{status}.pack_left_out", "unfit": f"{status}.unfit", "not_known": f"{status}.not_known"}
        | {key: f"entity.number.{key}.name" for key in ("target_soc", "discharge_floor")}
        | {"balance_hold": f"{sensor}.charge_stage.state.balance_hold"}
    )
    voltage = {
        "float": f"{sensor}.charge_stage.state.float",
        **{key: limits[key] for key in ("cell_highest", "no_data", "target_soc")},
    }
    parameters = {
        "balance_switch": "entity.switch.balance_switch.name",
        "balance_trigger": "entity.number.balance_trigger.name",
    }
    states: dict[str, Mapping[str, str]] = {
        f"{binary}.charge_allowed.reasons": named,
        f"{binary}.discharge_allowed.reasons": named | own,
        f"{binary}.balance_expected.reasons": own | parameters | _only(subjects, "balance_current", "balance_start"),
        f"{binary}.problem.reasons": own,
        f"{sensor}.charge_current_limit.limited_by": limits,
        f"{sensor}.charge_voltage_limit.limited_by": voltage,
        f"{sensor}.discharge_current_limit.limited_by": limits
        | _only(_below(texts, limited_by), "blocked", "recovering"),
        f"{binary}.problem.alarms": alarms,
        f"{sensor}.status.about": named,
        f"{sensor}.status.hints": _below(texts, f"{sensor}.link.state_attributes.hints.state."),
        f"{sensor}.status.also": _below(texts, f"{sensor}.status.state."),
        f"{sensor}.time_to_protection.protection": protections,
        f"{event}.protection": protections,
        f"{event}.alarm": alarms,
        f"{event}.severity": _below(texts, "selector.severity.options."),
    }
    states |= {f"{sensor}.protection_state.{state}": protections for state in ("tripped", "pending", "unknown")}
    states |= {
        f"{sensor}.{name}.blocks": sides
        for name in ("nearest_protection", *(f"protection_{key}" for key in protections))
    }
    repeated = {
        f"{target.rpartition('.')[0]}.state_attributes.{target.rpartition('.')[2]}.state.{key}": source
        for target, sources in states.items()
        for key, source in sources.items()
    }
    repeated |= {
        f"{place}.state_attributes.{attribute}.name": source
        for place, sources in _NAMES_OF_ATTRIBUTES.items()
        for attribute, source in sources.items()
    }
    return {path: source for path, source in repeated.items() if path != source}


def _only(paths: Mapping[str, str], *keys: str) -> dict[str, str]:
    return {key: paths[key] for key in keys}


def with_derived(texts: Mapping[str, str]) -> Flat:
    """Return the texts of the integration in one language with those that are derived."""
    repeats = derived(texts)
    kept = {path: text for path, text in texts.items() if path not in repeats}
    return kept | {path: texts[source] for path, source in repeats.items() if source in texts}


# Blueprints.


def _head_and_body(blueprint: str) -> tuple[str, str]:
    """Return the part of a blueprint that describes it and its inputs, and what it does."""
    end = re.search(r"^(?!blueprint:)\S", blueprint, re.MULTILINE)
    assert end is not None
    return blueprint[: end.start()], blueprint[end.start() :]


_TEXTS_BLOCK: Final = re.compile(r"^  texts:\n((?:    \w+: \".*\"\n)+)", re.MULTILINE)
_STOP: Final = re.compile(r"^(\s+- stop: )(.+)$", re.MULTILINE)


def _inputs(tree: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each input and section by its key."""
    for key, item in tree.items():
        yield key, item
        yield from _inputs(item.get("input", {}))


def _options(item: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the choices of an input that have names."""
    choices: list[Any] = ((item.get("selector") or {}).get("select") or {}).get("options", [])
    return [choice for choice in choices if isinstance(choice, dict)]


def _blueprint_texts(blueprint: str) -> dict[str, Any]:
    """Return all texts of a blueprint."""
    head, body = _head_and_body(blueprint)
    described = yaml.safe_load(head)["blueprint"]
    texts: dict[str, Any] = {"name": described["name"], "description": described["description"].strip()}
    texts["input"] = {
        key: {part: item[part].strip() for part in ("name", "description") if part in item}
        | {f"option_{option['value']}": option["label"] for option in _options(item)}
        for key, item in _inputs(described["input"])
    }
    if (block := _TEXTS_BLOCK.search(body)) is not None:
        texts["texts"] = yaml.safe_load(block[1])
    if (stop := _STOP.search(body)) is not None:
        texts["stop"] = stop[2]
    return texts


def lacks_texts(file: Path, language: str) -> bool:
    """Return whether a blueprint has a text that is not translated yet: there is no copy of it then."""
    needed = dict(flatten(_blueprint_texts(file.read_text()), file.stem))
    return not needed.keys() <= texts_of("blueprint", language).keys()


def translated_blueprint(file: Path, language: str) -> str:
    """Return a blueprint in another language: the same but for its texts."""
    texts = nest((path, text) for path, text in texts_of("blueprint", language).items())[file.stem]
    head, body = _head_and_body(file.read_text())
    described = yaml.safe_load(head)
    blueprint = described["blueprint"]
    blueprint |= {part: texts[part] for part in ("name", "description")}
    blueprint["source_url"] = blueprint["source_url"].replace(f"/{file.name}", f"/{language}/{file.name}")
    for key, item in _inputs(blueprint["input"]):
        own = texts["input"][key]
        item.update((part, own[part]) for part in ("name", "description") if part in own)
        for option in _options(item):
            option["label"] = own[f"option_{option['value']}"]
    described_text = yaml.safe_dump(described, allow_unicode=True, sort_keys=False, width=_WIDTH)
    if "texts" in texts:
        lines = "".join(f"    {key}: {json.dumps(text, ensure_ascii=False)}\n" for key, text in texts["texts"].items())
        body = _TEXTS_BLOCK.sub(lambda _: f"  texts:\n{lines}", body, count=1)
    if "stop" in texts:
        body = _STOP.sub(lambda match: match[1] + json.dumps(texts["stop"], ensure_ascii=False), body)
    return f"# Written by script/translations from ../{file.name}; do not edit.\n{described_text}\n{body}"


PAGE: Final = ROOT / "docs" / "blueprints.md"
NAMES: Final = {
    "cs": "Čeština",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "nl": "Nederlands",
    "pl": "Polski",
    "uk": "Українська",
    "zh-Hans": "简体中文",
}
"""What the languages call themselves."""
_HEAD: Final = """\
# Blueprints in other languages

Home Assistant cannot translate blueprints, so each language has copies: names, inputs and notifications are translated, what they do is the same.
[Automations](automations.md#blueprints) describes them. Generated by `script/translations --write`.
"""


def page_of_blueprints() -> str:
    """Return the page that lists the translated blueprints, with links that import them."""
    lines = [_HEAD]
    for language, own_name in NAMES.items():
        lines.append(f"## {own_name}\n")
        for file in sorted(BLUEPRINTS.glob("*.yaml")):
            described = yaml.safe_load(_head_and_body(translated_blueprint(file, language).partition("\n")[2])[0])[
                "blueprint"
            ]
            address = quote(described["source_url"], safe="")
            target = f"https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url={address}"
            lines.append(f"- [{described['name']}]({target})")
        lines.append("")
    return "\n".join(lines)


# Checks.


def placeholders(text: str) -> set[str]:
    """Return the names of the placeholders of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _quoted(text: str) -> set[str]:
    """Return what a text quotes, or emphasizes."""
    return {match.strip('*"') for match in re.findall(r"\*[^*\n]+\*|\"[^\"\n]+\"", text)}


_NAMED: Final = re.compile(
    r"entity\..+\.name|services\.\w+\.name|services\..+\.fields\.\w+\.name|.+\.data\.\w+|.+\.sections\.\w+\.name|.+\.menu_options\.\w+"
)


def findings(part: str, language: str) -> Iterator[str]:
    """Yield what is wrong with the texts of a part in a language."""
    english, texts = texts_of(part, ENGLISH), texts_of(part, language)
    for path in english.keys() - texts.keys():
        yield f"{path}: missing"
    for path in texts.keys() - english.keys():
        yield f"{path}: there is no such English text"
    repeats = derived(english) if part == "integration" else {}
    names: dict[str, set[str]] = {}
    for path, text in texts_of("integration", ENGLISH).items():
        if _NAMED.fullmatch(path):
            names.setdefault(text, set()).add(path)
    own = texts_of("integration", language)
    for path in english.keys() & texts.keys():
        yield from (f"{path}: {found}" for found in _faults(part, path, english[path], texts[path]))
        if path in repeats and texts[path] != texts.get(repeats[path]):
            yield f"{path}: is not the same as {repeats[path]}"
        for quoted in _quoted(english[path]) & names.keys():
            if not any(own.get(place, "\0") in texts[path] for place in names[quoted]):
                yield f"{path}: does not name {quoted} as {next(iter(names[quoted]))} does"


def _faults(part: str, path: str, english: str, text: str) -> Iterator[str]:
    """Yield what is wrong with a text."""
    if not text.strip():
        yield "empty"
    try:
        if placeholders(text) != placeholders(english):
            yield "other placeholders than in English"
    except ValueError:
        yield "a brace without its other half"
    if re.search(r"'[{}<]", text):
        # Home Assistant's frontend formats texts with ICU messages, where that begins a quotation.
        yield "an apostrophe before a brace: use a typographic one"
    if text.count("\n") != english.count("\n") or text.count("`") != english.count("`"):
        yield "other lines or code than in English"
    words = re.findall(r"[A-Za-z]{3,}", re.sub(r"\{\w+\}|`[^`]*`|\*[^*]*\*", "", english))
    if text == english and len(words) >= _MANY_WORDS:
        yield "not translated"
    is_name = part == "integration" and path.startswith("entity.") and (path.endswith(".name") or ".state." in path)
    if is_name and len(text) > max(_LONGEST_NAME, len(english)):
        yield f"{len(text)} characters are too long for a name"
    if part == "card" and not path.startswith("picker_") and len(text) > max(_SHORT, _LONGEST_ON_CARD * len(english)):
        yield f"{len(text)} characters are too long for the cards, English has {len(english)}"


def unused_card_texts() -> list[str]:
    """Return the texts of the cards that no card uses: neither by their key nor by the start of one that is put together."""
    source = "".join(file.read_text() for file in (ROOT / "frontend" / "src").rglob("*.ts"))
    keys = set(re.findall(r"[\"'`]([a-z0-9_]+)[\"'`]", source)) | set(re.findall(r"\b([a-z0-9_]+):", source))
    starts = tuple(set(re.findall(r"`([a-z0-9_]+_)\$\{", source)))
    return [key for key in texts_of("card", ENGLISH) if key not in keys and not key.startswith(starts)]


def all_findings() -> list[str]:
    """Return everything that is wrong, with the file it is wrong in."""
    found = [f"frontend/src/texts/en.json: {key}: no card uses it" for key in unused_card_texts()]
    if with_derived(texts_of("integration", ENGLISH)) != texts_of("integration", ENGLISH):
        found.append("en.json: derived texts are missing or old: run script/translations --write")
    for language in LANGUAGES:
        for part in _FOLDERS:
            found += [f"{part} {language}: {finding}" for finding in sorted(findings(part, language))]
        for file in sorted(BLUEPRINTS.glob("*.yaml")):
            copy = BLUEPRINTS / language / file.name
            if lacks_texts(file, language):
                continue  # said above, text by text
            if not copy.exists() or copy.read_text() != translated_blueprint(file, language):
                found.append(f"{copy.relative_to(ROOT)}: is old: run script/translations --write")
    if not any(lacks_texts(*pair) for pair in product(BLUEPRINTS.glob("*.yaml"), LANGUAGES)) and (
        PAGE.read_text() != page_of_blueprints()
    ):
        found.append("docs/blueprints.md: is old: run script/translations --write")
    return found


def write() -> None:
    """Write what is derived, in every language."""
    english = with_derived(texts_of("integration", ENGLISH))
    order = list(_sorted_like(texts_of("integration", ENGLISH), english))
    write_texts("integration", ENGLISH, english, order)
    for language in LANGUAGES:
        write_texts("integration", language, with_derived(texts_of("integration", language)), order)
        for file in BLUEPRINTS.glob("*.yaml"):
            (BLUEPRINTS / language).mkdir(exist_ok=True)
            if not lacks_texts(file, language):
                (BLUEPRINTS / language / file.name).write_text(translated_blueprint(file, language))
    if not any(lacks_texts(*pair) for pair in product(BLUEPRINTS.glob("*.yaml"), LANGUAGES)):
        PAGE.write_text(page_of_blueprints())


def _sorted_like(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return all paths, new ones behind those of the same entity."""
    return [*(path for path in before if path in after), *(path for path in after if path not in before)]


def main() -> int:
    """Check, or write what is derived first; return the exit code."""
    if "--write" in sys.argv[1:]:
        write()
    found = all_findings()
    print("\n".join(found) or f"{len(LANGUAGES) + 1} languages are complete")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
