"""The published JSON Schemas of the pack files, and what they say against given data."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry, Resource

Path = tuple[str | int, ...]
_SHOWN: Final = 60
_PLAIN: Final = frozenset({"type", "pattern", "minLength", "maxLength", "format", "description", "title"})


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a place inside a file's data: mapping keys and list positions (from 0), outermost first."""

    path: Path
    reason: str


@cache
def schema(name: str) -> Mapping[str, Any]:
    """A schema of this folder by name ("form", "areas-row"); read-only."""
    text = files(__package__).joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


def faults(name: str, data: object) -> list[Fault]:
    """Everything that keeps `data` from being what the schema describes, in order of place."""
    found = (fault for error in _validator(name).iter_errors(data) for fault in _faults_of(error))
    return sorted(found, key=lambda fault: [str(step).zfill(6) for step in fault.path])


def cell_reason(name: str, column: str, value: str) -> str | None:
    """What is wrong with one value of a row-shaped schema, or None. KeyError when the schema has no such property."""
    return None if _accepts(name, column)(value) else _first_reason(_column_validator(name, column), value)


@cache
def _accepts(name: str, column: str) -> Callable[[str], bool]:
    """A quick yes to a value of the column; a no means that the schema itself has to be asked.

    Tables have hundreds of thousands of cells, nearly all of them plain patterned text.
    """
    content = schema(name)["properties"][column]
    if set(content) == {"$ref"}:
        content = schema("common")["$defs"][content["$ref"].rpartition("/")[2]]
    if content.get("type") != "string" or not content.keys() <= _PLAIN:
        return lambda _: False
    matches = re.compile(content.get("pattern", "")).search
    least, most = content.get("minLength", 0), content.get("maxLength", sys.maxsize)
    is_right_form = _is_day if content.get("format") == "date" else None
    return lambda value: (
        least <= len(value) <= most and matches(value) is not None and (is_right_form is None or is_right_form(value))
    )


@lru_cache(maxsize=10_000)
def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _first_reason(validator: Draft202012Validator, value: str) -> str | None:
    error = best_match(validator.iter_errors(value))
    return None if error is None else _reason(error)


@cache
def _registry() -> Registry[Any]:
    common: Resource[Any] = Resource.from_contents(schema("common"))
    empty: Registry[Any] = Registry()
    filled: Registry[Any] = empty.with_resource("urn:giaoban:schema:common", common)
    return filled


@cache
def _validator(name: str) -> Draft202012Validator:
    return _make(schema(name))


@cache
def _column_validator(name: str, column: str) -> Draft202012Validator:
    return _make(schema(name)["properties"][column])


def _make(content: Any) -> Draft202012Validator:
    return Draft202012Validator(content, registry=_registry(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def _faults_of(error: ValidationError) -> Iterator[Fault]:
    """One fault, or one per key when the error speaks of several keys at once."""
    path = tuple(error.absolute_path)
    instance: Any = error.instance
    match error.validator:
        case "additionalProperties":
            known = set(_content(error).get("properties", ()))
            for key in instance:
                if key not in known:
                    yield Fault((*path, key), f"'{key}' is not known here; known are {', '.join(sorted(known))}")
        case _:
            is_key = "propertyNames" in error.absolute_schema_path
            yield Fault((*path, instance) if is_key else path, _reason(error))


def _reason(error: ValidationError) -> str:
    """The reason in plain words; what the schema describes is preferred to the bare pattern."""
    described = _content(error).get("description")
    wanted: Any = error.validator_value
    match error.validator:
        case "required":
            return error.message.replace(" is a required property", " is missing")
        case "pattern" | "format" | "anyOf" | "minLength" | "type" if described:
            return f"{_shown(error.instance)} is not {described}"
        case "enum":
            return f"{_shown(error.instance)} is not one of {', '.join(map(str, wanted))}"
        case "type":
            return f"{_shown(error.instance)} is not of type {wanted}"
        case "not" if described:
            return str(described)
        case _:
            return error.message


def _content(error: ValidationError) -> Mapping[str, Any]:
    """The part of the schema that was not met."""
    content: Any = error.schema
    return content if isinstance(content, Mapping) else {}


def _shown(instance: object) -> str:
    """The value met, short enough for a line."""
    text = repr(instance) if isinstance(instance, str) else str(instance)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
