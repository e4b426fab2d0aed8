"""The workflow under test: a copy of the tree in a folder of its own, and snakemake run in it as a person would."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from places import ROOT

SMALL = ("--configfile", "config/demo.yaml", "tests/workflow/small/config.yaml")
"""The small campaign: that of the demo, shortened."""


@dataclass(frozen=True)
class Checkout:
    """A copy of the tree to run snakemake in."""

    folder: Path

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of snakemake with these arguments."""
        return [str(Path(sys.executable).with_name("snakemake")), *arguments]

    def snakemake(self, *arguments: str, fails: bool = False, **variables: str) -> str:
        """Run snakemake to its end and return all it said; a wrong exit code fails the test with that."""
        environment = {**os.environ, **variables}
        done = subprocess.run(
            self.command(*arguments), cwd=self.folder, capture_output=True, text=True, env=environment
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, said
        return said

    def jobs(self, *arguments: str) -> dict[str, int]:
        """Return the rules that a dry run would run, with how many jobs each."""
        lines = iter(self.snakemake(*arguments, "--dry-run", "--quiet", "rules").splitlines())
        table = [line.split() for line in lines]
        return {words[0]: int(words[1]) for words in table if len(words) == 2 and words[1].isdigit()}


@pytest.fixture(scope="session")
def small() -> tuple[str, ...]:
    """The command-line words of the small campaign."""
    return SMALL


@pytest.fixture(scope="session")
def make_checkout(tmp_path_factory):
    """Give a function that copies the tree without its results."""

    def make() -> Checkout:
        folder = tmp_path_factory.mktemp("checkout") / "leadline"
        for name in ("config", "envs", "profiles", "rules", "scripts", "tests/real", "tests/workflow/small"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("Snakefile", "dgx", "dgx-slurm", "dataproc"):
            shutil.copy(ROOT / name, folder / name, follow_symlinks=False)
        return Checkout(folder)

    return make


@pytest.fixture(scope="session")
def checkout(make_checkout) -> Checkout:
    """A copy of the tree in which nothing has run."""
    return make_checkout()


@pytest.fixture(scope="session")
def finished(make_checkout) -> Checkout:
    """A copy of the tree in which the small campaign has run to its end."""
    checkout = make_checkout()
    checkout.snakemake(*SMALL)
    return checkout


@pytest.fixture
def again(make_checkout, finished) -> Checkout:
    """A copy of the tree in which the small campaign has run, to run parts of it once more."""
    checkout = make_checkout()
    for name in ("results", ".snakemake"):
        shutil.copytree(finished.folder / name, checkout.folder / name)
    return checkout
