"""Run a Spark command line on a Dataproc cluster, from a machine that has its shared folder at the same place.

What is sent is the script, the library as a zip, and ``cluster/driver.py``, which starts the script in this folder.
"""

import shutil
import subprocess
from argparse import REMAINDER, ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from leadline.errors import LeadlineError
from leadline.log import run
from leadline.spark.archive import write_archive

DRIVER = Path(__file__).parent / "cluster" / "driver.py"


def main() -> None:
    """Parse the command line, submit the script, and wait for it to end; gcloud shows what it says."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--cluster", required=True, help="name of the cluster")
    parser.add_argument("--region", required=True, help="region of the cluster")
    parser.add_argument("script", type=Path, help="script to run on the cluster")
    parser.add_argument("arguments", nargs=REMAINDER, help="its arguments; paths are those of this folder")
    options = parser.parse_args()
    if not shutil.which("gcloud"):
        raise LeadlineError("gcloud is missing; install the Google Cloud CLI and log in")
    with TemporaryDirectory() as folder:
        library = Path(folder) / "leadline.zip"
        write_archive(library)
        command = [
            *("gcloud", "dataproc", "jobs", "submit", "pyspark", str(DRIVER)),
            f"--cluster={options.cluster}",
            f"--region={options.region}",
            f"--py-files={library},{options.script}",
            *("--", str(Path.cwd()), options.script.stem, *options.arguments),
        ]
        ended = subprocess.run(command, check=False)
    if ended.returncode:
        raise LeadlineError(
            f"{options.script.name}: the job on cluster {options.cluster} of {options.region} failed; "
            "the lines above, of its driver, say why"
        )


if __name__ == "__main__":
    run(main)
