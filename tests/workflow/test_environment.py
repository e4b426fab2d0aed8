"""The set-up: what is declared, locked and installed in containers, and what make says when something is missing."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import leadline

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
DEPENDENCIES = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
TOOLS = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]
CONTAINERS = ["Dockerfile", "dgx.Dockerfile", "apptainer.def"]
NEVER_IMPORTED = {
    "snakemake": "runs the workflow",
    "snakemake-executor-plugin-slurm": "sends the jobs of the profile dgx-slurm",
    "pygments": "colours the code in snakemake --report",
    "netcdf4": "is what xarray writes with",
}


def locked_versions() -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE))


def modules_imported_by_scripts() -> set[str]:
    names = set()
    for path in (ROOT / "scripts").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("requirement", DEPENDENCIES + TOOLS, ids=str)
def test_the_lock_pins_what_the_project_asks_for(requirement):
    version = locked_versions()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version)


def test_the_lock_holds_only_pins_with_hashes_and_names_no_index():
    pin = r"[a-z0-9-]+==\S+(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    assert re.fullmatch(f"(?:{pin})+", LOCK)


def test_the_lock_of_uv_which_names_an_index_is_not_committed():
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("this is no git checkout, or git is not installed")
    listed = subprocess.run(["git", "ls-files", "uv.lock"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert listed.stdout == ""


def test_what_the_scripts_import_and_what_is_declared_are_the_same():
    own = {path.stem for path in (ROOT / "scripts").iterdir()}
    distributions = packages_distributions()
    imported = {
        module: {canonicalize_name(name) for name in distributions.get(module, [])}
        for module in modules_imported_by_scripts() - own - sys.stdlib_module_names
    }
    declared = {canonicalize_name(requirement.name) for requirement in DEPENDENCIES}
    assert [module for module, names in imported.items() if not names & declared] == []
    assert declared - set().union(*imported.values()) == set(NEVER_IMPORTED)


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_installs_the_lock_as_the_makefile_does(name):
    text = (ROOT / "envs" / name).read_text()
    assert {"Makefile", "pyproject.toml", "requirements.lock"} <= set(text.split())
    assert re.search(r"\bmake (-C \S+ )?ready\b", text)
    assert not re.search(r"\b(pip|uv|conda) ", text)
    assert set(re.findall(r"HOROVOD_\w+", text)).isdisjoint(PROJECT["tool"]["uv"]["extra-build-variables"]["horovod"])


def test_the_conda_file_pins_nothing_that_the_lock_pins():
    asked = yaml.safe_load((ROOT / "envs" / "environment.yaml").read_text())["dependencies"]
    assert {name.split("=")[0] for name in asked}.isdisjoint(locked_versions())


def test_one_python_is_named_everywhere():
    files = [ROOT / "Makefile", *(ROOT / "envs" / name for name in [*CONTAINERS, "environment.yaml"])]
    named = {path.name: set(re.findall(r"[Pp]ython(?:-version)?[ :=]?(3\.\d+)", path.read_text())) for path in files}
    python = PROJECT["project"]["requires-python"].removeprefix("==").removesuffix(".*")
    assert named == {path.name: {python} for path in files}


def test_the_citation_and_the_library_name_the_version_of_the_project():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == leadline.__version__ == PROJECT["project"]["version"]
    assert citation["license"] == PROJECT["project"]["license"]


@pytest.fixture
def fresh_machine(tmp_path):
    """A copy of what the set-up reads, and a PATH with a shell's tools but no compiler and no Python."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in ("awk", "cat", "cut", "sed", "sha256sum", "sh", "touch"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    return tmp_path


def make(machine: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [shutil.which("make"), *arguments],
        cwd=machine,
        env={"PATH": str(machine / "bin"), "LC_ALL": "C"},
        capture_output=True,
        text=True,
    )


def install_compiler(machine: Path):
    (machine / "bin" / "g++").symlink_to(shutil.which("true"))


def install_python(machine: Path, name: str, difference: str):
    """Put this Python on the machine's PATH under another name, with one thing about it different."""
    program = machine / "bin" / name
    program.write_text(
        f"""#!{shutil.which("sh")}\nexec "{sys.executable}" -c 'import sys; {difference}; exec(sys.argv[1])' "$2"\n"""
    )
    program.chmod(0o755)


def assert_stopped_with(run: subprocess.CompletedProcess, message: str):
    said, *rest = run.stderr.splitlines()
    assert said == message
    assert len(rest) == 1 and rest[0].startswith("make: ***")
    assert run.returncode != 0 and run.stdout == ""


NEEDS_PYTHON = "leadline needs Python 3.11 with its venv module: apt-get install python3.11 python3.11-venv"


@pytest.mark.parametrize("target", ["demo", "real", "test", "lock"])
def test_without_a_compiler_make_says_what_to_install(fresh_machine, target):
    assert_stopped_with(make(fresh_machine, target), "leadline needs a C++ compiler: apt-get install g++")


def test_without_python_make_says_what_to_install(fresh_machine):
    install_compiler(fresh_machine)
    assert_stopped_with(make(fresh_machine, "demo"), NEEDS_PYTHON)


@pytest.mark.parametrize("name", ["python3.11", "python3"])
@pytest.mark.parametrize("difference", ["sys.version_info = (3, 9, 18)", 'sys.modules["ensurepip"] = None'])
def test_with_a_python_that_will_not_do_make_says_what_to_install(fresh_machine, name, difference):
    install_compiler(fresh_machine)
    install_python(fresh_machine, name, difference)
    assert_stopped_with(make(fresh_machine, "demo"), NEEDS_PYTHON)
    assert not (fresh_machine / ".venv").exists()


def test_the_set_up_is_done_again_only_when_what_it_installs_changes(fresh_machine):
    stamp = re.search(
        r"touch (\.venv/ready-[0-9a-f]+)$", make(fresh_machine, "--just-print", "ready").stdout, re.MULTILINE
    )
    (fresh_machine / ".venv").mkdir()
    (fresh_machine / stamp[1]).touch()

    def is_ready() -> bool:
        return make(fresh_machine, "--question", "ready").returncode == 0

    def edit(name: str, old: str, new: str):
        path = fresh_machine / name
        changed = path.read_text().replace(old, new)
        assert changed != path.read_text()
        path.write_text(changed)

    assert is_ready()
    edit("pyproject.toml", "[tool.ruff]", "[tool.ruff]\npreview = true")
    assert is_ready()
    edit("pyproject.toml", 'HOROVOD_WITH_GLOO = "1"', 'HOROVOD_WITH_GLOO = "0"')
    assert not is_ready()
    edit("pyproject.toml", 'HOROVOD_WITH_GLOO = "0"', 'HOROVOD_WITH_GLOO = "1"')
    assert is_ready()
    edit("requirements.lock", "horovod==0.28.1", "horovod==0.28.0")
    assert not is_ready()
