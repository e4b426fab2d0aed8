"""A stand-in for gcloud: it notes what it is told, and refuses commands and flags that are not documented.

``documented_gcloud.json`` holds the flags of each command as the help of gcloud 528 gives them. A job is handed to the
spark-submit of GCLOUD_SUBMITS_BY, from an empty folder as on a cluster; a command to ssh is run here.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

DOCUMENTED = json.loads(Path(__file__).with_suffix(".json").read_text())


def main(words: list[str]) -> int:
    """Note and check a command line, do what stands in for it, and return the exit code."""
    with Path(os.environ["GCLOUD_NOTES"]).open("a") as notes:
        notes.write(json.dumps(words) + "\n")
    command = next((name for name in DOCUMENTED if words[: len(name.split())] == name.split()), None)
    if command is None:
        sys.exit(f"gcloud {' '.join(words)}: no such command")
    own = words[: words.index("--")] if "--" in words else words
    flags = {word.split("=", 1)[0]: word.split("=", 1)[-1] for word in own if word.startswith("--")}
    if unknown := set(flags) - set(DOCUMENTED[command]):
        sys.exit(f"gcloud {command}: unrecognized arguments: {' '.join(sorted(unknown))}")
    if command == os.environ.get("GCLOUD_FAILS_AT"):
        return 1
    return STAND_INS.get(command, lambda *_: 0)(words, flags)


def submit(words: list[str], flags: dict[str, str]) -> int:
    """Run a driver as Dataproc does: by spark-submit, in a folder of its own."""
    submission = [*shlex.split(os.environ["GCLOUD_SUBMITS_BY"]), "--py-files", flags["--py-files"], words[4]]
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run([*submission, *words[words.index("--") + 1 :]], cwd=folder).returncode


def copy(words: list[str], flags: dict[str, str]) -> int:
    """Read to its end what is piped in."""
    if "-" in words:
        sys.stdin.buffer.read()
    return 0


def ssh(words: list[str], flags: dict[str, str]) -> int:
    """Run a command here that is meant for the master."""
    return subprocess.run(flags["--command"], shell=True).returncode


STAND_INS = {"dataproc jobs submit pyspark": submit, "storage cp": copy, "compute ssh": ssh}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
