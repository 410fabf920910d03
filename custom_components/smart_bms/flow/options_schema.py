"""Forms about an entry's options: fields and sections, their schema, and the options with what was submitted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import Selector
import probatio


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionField:
    """One of the entry's options, and how it is asked for."""

    stored_in: str
    """Key of the part of the entry's options that holds it."""
    key: str
    default: Any
    selector: Selector[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionSection:
    """Fields that stand together under a heading."""

    key: str
    fields: tuple[OptionField, ...]
    collapsed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionForm:
    """One form: first what most people change, then the sections."""

    fields: tuple[OptionField, ...] = ()
    sections: tuple[OptionSection, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is anything to choose."""
        return bool(self.fields or self.sections)

    def schema(self, options: Mapping[str, Any]) -> probatio.Schema:
        """Return the schema, with what the entry's options hold as default of each field."""
        parts = {
            probatio.Required(part.key): section(_schema(part.fields, options), {"collapsed": part.collapsed})
            for part in self.sections
        }
        return probatio.Schema({**_schema(self.fields, options).schema, **parts})

    def merged(self, options: Mapping[str, Any], user_input: Mapping[str, Any]) -> dict[str, Any]:
        """Return the entry's options with what was submitted; everything that is not on this form stays as it was."""
        merged = dict(options)
        for field, value in self._submitted(user_input):
            merged[field.stored_in] = {**merged.get(field.stored_in, {}), field.key: value}
        return merged

    def _submitted(self, user_input: Mapping[str, Any]) -> Iterator[tuple[OptionField, Any]]:
        """Return each field with its value."""
        for field in self.fields:
            yield field, user_input[field.key]
        for part in self.sections:
            for field in part.fields:
                yield field, user_input[part.key][field.key]


def _schema(fields: tuple[OptionField, ...], options: Mapping[str, Any]) -> probatio.Schema:
    """Return the schema of some fields."""
    return probatio.Schema(
        {
            probatio.Required(
                field.key, default=options.get(field.stored_in, {}).get(field.key, field.default)
            ): field.selector
            for field in fields
        }
    )
