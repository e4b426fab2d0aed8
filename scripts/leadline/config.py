"""The campaign's config: checked against its schema as a whole, with every fault told at once."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from leadline.errors import ConfigError

COMMAND_LINE = "--config"
"""Where a value came from when no config file holds it."""

NO_MIRROR = (
    "no server is given: Copernicus closed its own in 2023, mirrors of others serve those who have an account there;"
    " what works without is acquire.archive: copernicus, earth_search or planetary_computer"
)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read one YAML file. Raises ``ConfigError`` where it is absent or no YAML."""
    try:
        return yaml.safe_load(Path(path).read_text()) or {}
    except FileNotFoundError:
        raise ConfigError([f"{path}: there is no such file"]) from None
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: expected YAML: {' '.join(str(error).split())}"]) from None


def check(config: Mapping[str, Any], schema: Mapping[str, Any], files: Iterable[Path]) -> None:
    """Check the merged config against its schema.

    ``files`` are the config files in the order of merging, to say in which one a fault stands. Raises ``ConfigError``
    with one line for each fault: file, key path, value, what is allowed.
    """
    sources = {str(path): read_yaml(path) for path in files}
    errors = jsonschema.Draft202012Validator(schema).iter_errors(dict(config))
    faults = [fault for error in errors for fault in _faults(error, sources)]
    if faults:
        raise ConfigError(sorted(faults))


def contradictions(
    config: Mapping[str, Any], granules: Iterable[str], scenes: Iterable[str], products: Collection[str]
) -> list[str]:
    """Return a line for each key that fits the schema and yet not the other keys or the tables.

    ``granules`` and ``scenes`` are the names in the tables, ``products`` the files of NASA's products.
    """
    faults = []
    model, acquire = config["model"], config["acquire"]
    if model["preset"] not in model["presets"]:
        faults.append(f"config: model.preset: {model['preset']!r}: must be one of {', '.join(model['presets'])}")
    if acquire["source"] == "local" and "folder" not in acquire:
        faults.append("config: acquire.folder: missing; the source local takes the files from there")
    if acquire["source"] == "earthdata":
        faults += _archive_faults(acquire)
    if acquire["source"] == "local" and "-" in products:
        faults.append(
            f"{config['tables']['products']}: file: '-': missing; the source local neither makes nor fetches it"
        )
    if acquire["source"] == "simulated":
        simulated = acquire.get("simulated", {"granules": {}, "scenes": {}})
        for kind, names in (("granules", granules), ("scenes", scenes)):
            absent = [name for name in names if name not in simulated[kind]]
            faults += [f"config: acquire.simulated.{kind}.{name}: missing; the table names it" for name in absent]
        strange = {name: scene["granule"] for name, scene in simulated["scenes"].items()}
        faults += [
            f"config: acquire.simulated.scenes.{name}.granule: {granule!r}: not among acquire.simulated.granules"
            for name, granule in strange.items()
            if granule not in simulated["granules"]
        ]
    return faults


def _archive_faults(acquire: Mapping[str, Any]) -> list[str]:
    """Return a line where the scenes' archive, or its level, is none of those that are told."""
    name, level, archives = acquire["archive"], acquire["level"], acquire["archives"]
    if name not in archives:
        return [f"config: acquire.archive: {name!r}: must be one of acquire.archives: {', '.join(archives)}"]
    archive = archives[name]
    if "dhus" in archive:
        return [] if archive["dhus"] else [f"config: acquire.archives.{name}.dhus: {NO_MIRROR}"]
    if not {"stac", "collections"} <= set(archive):
        return [f"config: acquire.archives.{name}: expected stac and collections, or dhus"]
    levels = archive["collections"]
    if level not in levels:
        return [f"config: acquire.level: {level!r}: the archive {name} has {', '.join(levels)}"]
    return []


def _faults(error: jsonschema.ValidationError, sources: Mapping[str, Mapping]) -> list[str]:
    """Return the lines of one error of the schema; one line for each key that is missing or unknown."""
    path = [str(part) for part in error.absolute_path]
    if error.validator == "additionalProperties":
        allowed = ", ".join(sorted(error.schema["properties"]))
        unknown = [key for key in error.instance if key not in error.schema["properties"]]
        return [
            _line(sources, [*path, key], error.instance[key], f"no such key; here are {allowed}") for key in unknown
        ]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        lines = {key: _line(sources, [*path, key], None, f"missing; {_meaning(error.schema, key)}") for key in missing}
        # jsonschema reports each missing key on its own, and names it in the message alone.
        return [line for key, line in lines.items() if error.message.startswith(f"'{key}'")]
    return [
        _line(sources, path, error.instance, f"{_allowed(error)} ({error.schema.get('description', 'see schema')})")
    ]


def _line(sources: Mapping[str, Mapping], path: list[str], value: Any, allowed: str) -> str:
    shown = "" if value is None else f" {value!r}:"
    return f"{_owner(sources, path)}: {'.'.join(path)}:{shown} {allowed}"


def _owner(sources: Mapping[str, Mapping], path: list[str]) -> str:
    """Return the last file that holds the key, or for a missing key the last that holds the most of its path."""
    depths = {source: _depth(content, path) for source, content in sources.items()}
    deepest = max(depths.values(), default=0)
    owners = [source for source, depth in depths.items() if depth == deepest]
    return owners[-1] if owners else COMMAND_LINE


def _depth(content: Any, path: list[str]) -> int:
    depth = 0
    for part in path:
        if isinstance(content, list) and part.isdigit() and int(part) < len(content):
            content = content[int(part)]
        elif isinstance(content, Mapping) and part in content:
            content = content[part]
        else:
            break
        depth += 1
    return depth


def _meaning(schema: Mapping[str, Any], key: str) -> str:
    return schema.get("properties", {}).get(key, {}).get("description", "it is required")


def _allowed(error: jsonschema.ValidationError) -> str:
    """Return in words what the schema allows in the place of an error."""
    limit = error.validator_value
    words = {
        "enum": lambda: "allowed are " + ", ".join(map(str, limit)),
        "type": lambda: f"must be {_TYPES.get(limit, limit)}",
        "minimum": lambda: f"must be {limit} or more",
        "maximum": lambda: f"must be {limit} or less",
        "exclusiveMinimum": lambda: f"must be more than {limit}",
        "exclusiveMaximum": lambda: f"must be less than {limit}",
        "pattern": lambda: f"must look like {limit}",
        "minItems": lambda: f"must have {limit} or more items",
    }
    return words.get(error.validator, lambda: error.message)()


_TYPES = {
    "number": "a number",
    "integer": "a whole number",
    "string": "a text",
    "object": "a section",
    "array": "a list",
}
