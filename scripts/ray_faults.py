"""Kill workers, nodes and drivers of commands on Ray at random times, on a cluster of three nodes on loopback.

    python scripts/ray_faults.py --kills 50 --seed 1
    python scripts/ray_faults.py --kills 50 --seed 1 --study STUDY.cfg

A command that was killed is given again. Without --study it is `al score` of a pool made here. What it ends with is
compared with the same command in one process: every byte of a ranking, and of a study all metrics and choices.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy
import spacy
from spacy.tokens import Doc
from spacy.training import Example

from spacy_al.corpus.reader import write_docs
from spacy_al.engines.cluster import LOOPBACK

KINDS = ("worker", "node", "driver")
PATIENCE = 120  # seconds for the last command to end undisturbed
ENCODER = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 64,
    "depth": 2,
    "embed_size": 500,
    "window_size": 1,
    "maxout_pieces": 3,
    "subword_features": True,
}
WORDS = "Ann saw Rome and Bob left Oslo when it was late .".split()


def make_pipeline():
    """A small tagger."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sequence_tagger", config={"model": {"encoder": ENCODER}})
    tags = ["B-PER" if word in ("Ann", "Bob") else "O" for word in WORDS]
    gold = Doc(nlp.vocab, words=WORDS, ents=tags)
    nlp.initialize(lambda: [Example(Doc(nlp.vocab, words=WORDS), gold)])
    return nlp


def make_files(folder, sentences, make_nlp=make_pipeline):
    """A tagger, and a pool in seven files."""
    nlp = make_nlp()
    nlp.to_disk(folder / "model")
    rng = numpy.random.default_rng(0)
    texts = [rng.choice(WORDS, size=rng.integers(3, 12)).tolist() for _ in range(sentences)]
    (folder / "pool").mkdir()
    for number, some in enumerate(numpy.array_split(numpy.arange(sentences), 7)):
        docs = [Doc(nlp.vocab, words=texts[one]) for one in some]
        (folder / "pool" / f"pool-{number}.spacy").write_bytes(write_docs(docs))


def score_command(folder, output):
    """Arguments of a ranking."""
    how = ["-m", "bald", "-m", "mnlp", "--dropout", "last", "--passes", "5", "-q"]
    return ["score", folder / "model", folder / "pool", "-o", output, *how]


def study_result(output):
    """What a study has come to, without times and memory."""
    files, found = [*output.glob("*/metrics.jsonl"), *output.glob("*/rounds/*/selected.jsonl")], {}
    for path in sorted(files):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        found[str(path.relative_to(output))] = [
            {key: value for key, value in row.items() if key not in ("seconds", "peak_memory")} for row in rows
        ]
    return found


def start(folder, command, engine, address=None):
    """A process of `al score` or `al study`."""
    environment = {**os.environ, **({"RAY_ADDRESS": address} if address else {})}
    command = [sys.executable, "-m", "spacy", "al", *command, "--engine", engine]
    with (folder / "driver.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)


def workers():
    """Processes of this cluster's workers that are at work, and of the cells that they have started."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    parents = {int(pid): int(parent) for pid, parent, _ in rows}

    def ours(pid):
        return pid == os.getpid() or (pid in parents and ours(parents[pid]))

    at_work = [int(pid) for pid, _, command in rows if "ray::Worker" in command or " al run " in command]
    return [pid for pid in at_work if ours(pid)]


class Faults:
    """The cluster, and what was done to it."""

    def __init__(self, seed, pause):
        from ray.cluster_utils import Cluster

        self.rng, self.pause = random.Random(seed), pause
        quick = {
            "health_check_initial_delay_ms": 1000,
            "health_check_period_ms": 1000,
            "health_check_failure_threshold": 3,
        }
        self.node = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
        head = {**self.node, "_system_config": quick, "include_dashboard": False}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.nodes = [self.cluster.add_node(**self.node) for _ in range(2)]
        self.done, self.gave_up, self.next = Counter(), 0, 0.0
        self.wait()

    def wait(self):
        """Choose the time of the next strike."""
        self.next = time.monotonic() + self.rng.uniform(1, self.pause)

    def strike(self, driver):
        """Kill one of the kind that was killed least; nothing if there is none."""
        kind = min(KINDS, key=lambda kind: (self.done[kind], kind))
        if kind == "worker":
            pids = workers()
            if not pids:
                return
            try:
                os.kill(self.rng.choice(pids), signal.SIGKILL)
            except ProcessLookupError:
                return
        elif kind == "node":
            node = self.nodes.pop(self.rng.randrange(2))
            self.cluster.remove_node(node, allow_graceful=False)
            self.nodes.append(self.cluster.add_node(**self.node))
        else:
            driver.kill()
            driver.wait()
        self.done[kind] += 1

    def torment(self, folder, command, end):
        """Run a command to its end, again whenever it is dead, and kill until `end`; False when it never ended."""
        driver = start(folder, command, "ray", self.cluster.address)
        while driver.poll() != 0:
            time.sleep(0.1)
            if driver.poll() is not None:
                self.gave_up += driver.returncode != -signal.SIGKILL
                driver = start(folder, command, "ray", self.cluster.address)
            if time.monotonic() > end + PATIENCE:
                driver.kill()
                return False
            if self.next < time.monotonic() < end:
                self.strike(driver)
                self.wait()
        return True


def main():
    """Kill until there are enough of each kind, or the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--sentences", type=int, default=60_000)
    parser.add_argument("--pause", type=float, default=12, help="Most seconds between two strikes")
    parser.add_argument("--minutes", type=float, default=60)
    options = parser.parse_args()
    os.environ |= {**LOOPBACK, "OMP_NUM_THREADS": "1"}  # before Ray is imported
    end = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as name:
        folder, runs, different = Path(name), 0, 0
        if options.study is None:
            make_files(folder, options.sentences)
            command_of, result_of = score_command, Path.read_bytes
        else:
            command_of, result_of = lambda _, output: ["study", options.study, "-o", output], study_result
        assert start(folder, command_of(folder, folder / "alone"), "local").wait() == 0, (
            folder / "driver.log"
        ).read_text()
        alone = result_of(folder / "alone")
        faults = Faults(options.seed, options.pause)
        try:
            while min(faults.done[kind] for kind in KINDS) < options.kills and time.monotonic() < end:
                output = folder / f"out-{runs}"
                ended = faults.torment(folder, command_of(folder, output), end)
                runs += 1
                different += not ended or result_of(output) != alone
                print(runs, dict(faults.done), different, faults.gave_up, file=sys.stderr, flush=True)
        finally:
            faults.cluster.shutdown()
        if faults.gave_up:
            print((folder / "driver.log").read_text()[-3000:], file=sys.stderr)
    for kind in KINDS:
        print(f"| {kind}s killed | {faults.done[kind]} |")
    print(f"| commands they belonged to | {runs} |\n| that ended otherwise than in one process | {different} |")
    print(f"| drivers that gave up by themselves, and were started again | {faults.gave_up} |", flush=True)
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
