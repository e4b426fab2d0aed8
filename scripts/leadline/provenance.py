"""Where a file came from: digests of the code, the config and the files that made it."""

import ast
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def config_digest(config: Mapping[str, Any]) -> str:
    """Return a sha256 of a config's values, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def code_digest(script: Path) -> str:
    """Return a sha256 of a script and of each module of leadline that it imports, directly or not.

    Comments, docstrings and layout do not count. A rule that carries this digest as a parameter is stale when its own
    code changes, and only then.
    """
    digest = hashlib.sha256()
    for path in sorted(_closure(Path(script))):
        digest.update(ast.dump(_WithoutDocstrings().visit(_tree(path))).encode())
    return digest.hexdigest()[:16]


class _WithoutDocstrings(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        """Empty a text that stands alone: it documents what is near it."""
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            node.value.value = ""
        return node


def _closure(script: Path) -> set[Path]:
    found, to_read = set(), [script]
    while to_read:
        path = to_read.pop()
        if path not in found:
            found.add(path)
            to_read += _imports(path)
    return found


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _imports(path: Path) -> list[Path]:
    """Return the files of leadline and of its scripts that a file imports anywhere in it."""
    names = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [file for name in names for file in _module_files(name)]


def _module_files(name: str) -> list[Path]:
    """Return the files of a module of the library or of a script, with those of the packages inside the library."""
    parts = name.split(".")
    places = [PACKAGE.parent.joinpath(*parts[: depth + 1]) for depth in range(len(parts))]
    files = [place.with_suffix(".py") for place in places] + [place / "__init__.py" for place in places[1:]]
    return [file for file in files if file.is_file()]
