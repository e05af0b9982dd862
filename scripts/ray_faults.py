"""Kill workers, nodes and drivers of `al score --engine ray` at random times, on a cluster of three nodes on loopback.

    python scripts/ray_faults.py --kills 50 --seed 1

Every finished ranking is compared, byte by byte, with one that was scored in one process.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}

import numpy
import spacy
from spacy.tokens import Doc
from spacy.training import Example

from spacy_al.corpus.reader import write_docs

WORDS = "Ann saw Rome and Bob left Oslo when it was late .".split()


def make_files(folder, sentences):
    """A small tagger and a pool in seven files."""
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    tags = ["B-PER" if word in ("Ann", "Bob") else "O" for word in WORDS]
    gold = Doc(nlp.vocab, words=WORDS, ents=tags)
    nlp.initialize(lambda: [Example(Doc(nlp.vocab, words=WORDS), gold)])
    nlp.to_disk(folder / "model")
    rng = numpy.random.default_rng(0)
    texts = [rng.choice(WORDS, size=rng.integers(3, 12)).tolist() for _ in range(sentences)]
    (folder / "pool").mkdir()
    for number, some in enumerate(numpy.array_split(numpy.arange(sentences), 7)):
        docs = [Doc(nlp.vocab, words=texts[one]) for one in some]
        (folder / "pool" / f"pool-{number}.spacy").write_bytes(write_docs(docs))


def start(folder, output, engine, address=None):
    """A process of `al score`."""
    command = [sys.executable, "-m", "spacy", "al", "score", folder / "model", folder / "pool", "-o", output]
    command += ["-m", "bald", "-m", "mnlp", "--dropout", "last", "--passes", "5", "--engine", engine, "-q"]
    environment = {**os.environ, **({"RAY_ADDRESS": address} if address else {})}
    log = (folder / "driver.log").open("ab")
    return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)


def workers():
    """Processes of workers that are at work, of this cluster: they are descendants of this process."""
    found = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in found.splitlines() if "ray::Worker" in line]


class Faults:
    """The cluster, and what was done to it."""

    def __init__(self, seed):
        from ray.cluster_utils import Cluster

        self.rng = random.Random(seed)
        quick = {
            "health_check_initial_delay_ms": 1000,
            "health_check_period_ms": 1000,
            "health_check_failure_threshold": 3,
        }
        self.node = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
        head = {"num_cpus": 1, "object_store_memory": 100 * 2**20, "_system_config": quick, "include_dashboard": False}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.nodes = [self.cluster.add_node(**self.node) for _ in range(2)]
        self.done = Counter()

    def strike(self, kind, driver):
        """Kill one of a kind; False if there is none."""
        if kind == "worker":
            pids = workers()
            if not pids:
                return False
            try:
                os.kill(self.rng.choice(pids), signal.SIGKILL)
            except ProcessLookupError:
                return False
        elif kind == "node":
            node = self.nodes.pop(self.rng.randrange(2))
            self.cluster.remove_node(node, allow_graceful=False)
            self.nodes.append(self.cluster.add_node(**self.node))
        else:
            driver.kill()
            driver.wait()
        self.done[kind] += 1
        return True


def main():
    """Kill until there are enough of each kind, or the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sentences", type=int, default=60_000)
    parser.add_argument("--minutes", type=float, default=60)
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_files(folder, options.sentences)
        assert start(folder, folder / "alone", "local").wait() == 0, (folder / "driver.log").read_text()
        whole, runs, different, failed = (folder / "alone").read_bytes(), 0, 0, 0
        faults = Faults(options.seed)
        try:
            while (
                min(faults.done[kind] for kind in ("worker", "node", "driver")) < options.kills
                and time.monotonic() < end
            ):
                output = folder / f"out-{runs}"
                driver = start(folder, output, "ray", faults.cluster.address)
                strike = time.monotonic() + faults.rng.uniform(1, 12)
                while not output.exists() and time.monotonic() < end + 60:
                    time.sleep(0.1)
                    if driver.poll() is not None and not output.exists():
                        failed += driver.returncode != -signal.SIGKILL
                        driver = start(folder, output, "ray", faults.cluster.address)
                    if time.monotonic() > strike and time.monotonic() < end:
                        least = min(("worker", "node", "driver"), key=lambda kind: (faults.done[kind], kind))
                        faults.strike(least, driver)
                        strike = time.monotonic() + faults.rng.uniform(1, 12)
                driver.wait()
                runs += 1
                different += not output.exists() or output.read_bytes() != whole
        finally:
            faults.cluster.shutdown()
        if failed:
            print((folder / "driver.log").read_text()[-3000:])
    for kind in ("worker", "node", "driver"):
        print(f"| {kind}s killed | {faults.done[kind]} |")
    print(f"| rankings they belonged to | {runs} |\n| rankings that differ | {different} |")
    print(f"| drivers that gave up by themselves, and were started again | {failed} |", flush=True)
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
