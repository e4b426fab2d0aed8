from pathlib import Path

from leadline.config import read_yaml
from leadline.config_keys import document, replaced
from places import ROOT

SCHEMA = {
    "properties": {
        "plane": {"description": "a plane", "enum": ["a", "b"]},
        "stage": {
            "description": "what a stage is",
            "type": "object",
            "properties": {
                "length": {"description": "of a segment | m", "type": "number", "exclusiveMinimum": 0, "maximum": 30},
                "flags": {"type": "array", "items": {"type": "integer", "minimum": 0}},
                "presets": {"additionalProperties": {"properties": {"on": {"type": "boolean"}}}},
            },
        },
    }
}


def test_each_key_has_a_row_with_its_meaning_what_is_allowed_and_its_value():
    text = document(SCHEMA, {"plane": "a", "stage": {"length": 2.0, "flags": [0, 1], "presets": {"x": {"on": True}}}})
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows == [
        "| `plane` | a plane | a, b | `a` |",
        "| `stage.length` | of a segment \\| m | number, > 0, ≤ 30 | `2.0` |",
        "| `stage.flags` |  | list, of whole number, ≥ 0 | `0, 1` |",
        "| `stage.presets` |  |  |  |",
        "| `stage.presets.<name>` |  |  |  |",
        "| `stage.presets.<name>.on` |  | true or false |  |",
    ]
    assert "### stage\n\nWhat a stage is.\n" in text


def test_the_readme_of_the_config_has_every_key_of_the_schema():
    """`make keys` renews it."""
    folder = ROOT / "config"
    readme = (folder / "README.md").read_text()
    keys = document(*(read_yaml(Path(folder / name)) for name in ("schema.yaml", "config.yaml")))
    assert readme == replaced(readme, keys)
    assert "| `segments.window` |" in readme
