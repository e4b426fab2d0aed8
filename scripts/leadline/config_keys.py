"""What each key of the config means and allows, as a text for people, from the schema."""

from collections.abc import Iterator, Mapping
from typing import Any

BEGIN, END = "<!-- keys: made by scripts/document_config.py -->", "<!-- end of keys -->"
"""Between these lines of config/README.md stands what ``document`` makes."""
NAME = "<name>"
"""Stands in a key's path where a person gives the name."""
_BOUNDS = {"minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}"}
_TYPES = {"number": "number", "integer": "whole number", "string": "text", "boolean": "true or false", "array": "list"}


def document(schema: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Return a Markdown table for each section of the config: key, meaning, what is allowed, and the config's value."""
    parts = []
    for name, section in schema["properties"].items():
        rows = list(_rows(name, section, config.get(name)))
        if "properties" in section:
            parts += [f"### {name}", "", _sentence(section["description"]), ""]
            rows = rows[1:]
        parts += ["| key | meaning | allowed | here |", "| --- | --- | --- | --- |", *rows, ""]
    return "\n".join(parts)


def replaced(text: str, keys: str) -> str:
    """Return a text with what stands between the lines ``BEGIN`` and ``END`` replaced; both lines must be there."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{keys}\n{END}{after}"


def _rows(path: str, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    """Yield a row for a key and for all below it."""
    values = value if isinstance(value, Mapping) else {}
    named = schema.get("additionalProperties")
    below = dict(schema.get("properties", {})) | ({NAME: named} if isinstance(named, Mapping) else {})
    here = "" if below or value in (None, []) else f"`{_words(value)}`"
    cells = (schema.get("description", ""), _allowed(schema), here)
    yield f"| `{path}` | {' | '.join(map(_cell, cells))} |"
    for name, inner in below.items():
        yield from _rows(f"{path}.{name}", inner, values.get(name))


def _allowed(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(map(_words, schema["enum"]))
    if schema.get("type") == "object":
        return ""
    bounds = [text.format(schema[name]) for name, text in _BOUNDS.items() if name in schema]
    pattern = [f"`{schema['pattern']}`"] if "pattern" in schema else []
    items = [f"of {_allowed(schema['items'])}"] if "items" in schema else []
    kinds = schema.get("type", "")
    kind = " or ".join(_TYPES.get(each, str(each)) for each in ([kinds] if isinstance(kinds, str) else kinds))
    return ", ".join(part for part in (kind, *bounds, *pattern, *items) if part)


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(_words, value)) if isinstance(value, list) else str(value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
