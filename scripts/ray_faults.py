"""Kill workers, nodes and drivers of commands on Ray at random times, on a cluster of three nodes on loopback.

    python scripts/ray_faults.py --kills 50 --seed 1
    python scripts/ray_faults.py --kills 50 --seed 1 --study STUDY.cfg

A command that was killed is given again. Without --study it is `al score` of a pool made here. What it ends with is
compared with the same command in one process: every byte of a ranking, and of a study all metrics and choices. One
that has not ended PATIENCE seconds after the last strike is counted by itself, and where it stood is printed.
"""

import argparse
import json
import os
import random
import shutil
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
PATIENCE = 180  # seconds for the last command to end undisturbed
AGAIN = 0.2  # seconds to the next look when there was nothing to strike at
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
    # Python's fault handler says where a process stood that is ended by SIGABRT.
    environment = {**os.environ, "PYTHONFAULTHANDLER": "1", **({"RAY_ADDRESS": address} if address else {})}
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

    def __init__(self, options, end):
        from ray.cluster_utils import Cluster

        self.rng, self.pause, self.kills, self.end = random.Random(options.seed), options.pause, options.kills, end
        quick = {
            "health_check_initial_delay_ms": 1000,
            "health_check_period_ms": 1000,
            "health_check_failure_threshold": 3,
        }
        self.node = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
        head = {**self.node, "num_cpus": 0, "_system_config": quick, "include_dashboard": False}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.nodes = [self.cluster.add_node(**self.node) for _ in range(2)]
        self.done, self.gave_up = Counter(), 0
        self.wait()

    def over(self):
        """Whether there were enough of each kind, or the time is over."""
        return min(self.done[kind] for kind in KINDS) >= self.kills or time.monotonic() > self.end

    def wait(self):
        """Choose the time of the next strike."""
        self.last = time.monotonic()
        self.next = self.last + self.rng.uniform(0, self.pause)

    def strike(self, driver):
        """Kill one of the kind that was killed least; if there is none, look again soon."""
        kind = min(KINDS, key=lambda kind: (self.done[kind], kind))
        try:
            {"worker": self.kill_worker, "node": self.kill_node, "driver": lambda: kill_driver(driver)}[kind]()
        except (IndexError, ProcessLookupError):
            self.next += AGAIN
            return
        self.done[kind] += 1
        print(f"{kind} {self.done[kind]}", file=sys.stderr, flush=True)
        self.wait()

    def kill_worker(self):
        """A worker, or a cell that one has started."""
        os.kill(self.rng.choice(workers()), signal.SIGKILL)

    def kill_node(self):
        """All processes of a node; another comes."""
        self.cluster.remove_node(self.nodes.pop(self.rng.randrange(2)), allow_graceful=False)
        self.nodes.append(self.cluster.add_node(**self.node))

    def torment(self, folder, command):
        """Run a command to its end, again whenever it is dead; False when it is not at its end after PATIENCE."""
        self.wait()
        driver = start(folder, command, "ray", self.cluster.address)
        # One look at the status for both questions: one that ends between two looks would be taken for dead.
        while (code := driver.poll()) != 0:
            if code is not None:
                self.gave_up += code != -signal.SIGKILL
                driver = start(folder, command, "ray", self.cluster.address)
            if time.monotonic() > self.last + PATIENCE:
                end_by(driver, signal.SIGABRT)
                return False
            if self.next < time.monotonic() and not self.over():
                self.strike(driver)
            time.sleep(0.1)
        return True


def kill_driver(driver):
    """The command, unless it has just ended by itself."""
    end_by(driver, signal.SIGKILL)
    if driver.returncode != -signal.SIGKILL:
        raise ProcessLookupError


def end_by(process, number):
    """Send a signal, and wait for the process's end."""
    process.send_signal(number)
    process.wait()


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
    folder, runs = Path(tempfile.mkdtemp(prefix="ray_faults.")), Counter()
    if options.study is None:
        make_files(folder, options.sentences)
        command_of, result_of = score_command, Path.read_bytes
    else:
        command_of, result_of = lambda _, output: ["study", options.study, "-o", output], study_result
    assert start(folder, command_of(folder, folder / "alone"), "local").wait() == 0, (folder / "driver.log").read_text()
    alone = result_of(folder / "alone")
    faults = Faults(options, time.monotonic() + 60 * options.minutes)
    try:
        while not faults.over():
            output = folder / f"out-{runs.total()}"
            ended = faults.torment(folder, command_of(folder, output))
            runs["not ended" if not ended else "equal" if result_of(output) == alone else "different"] += 1
            print(dict(runs), dict(faults.done), faults.gave_up, file=sys.stderr, flush=True)
    finally:
        faults.cluster.shutdown()
    for kind in KINDS:
        print(f"| {kind}s killed | {faults.done[kind]} |")
    print(f"| commands they belonged to | {runs.total()} |\n| with the result of one process | {runs['equal']} |")
    print(f"| with another result | {runs['different']} |\n| not ended after {PATIENCE} s | {runs['not ended']} |")
    print(f"| drivers that gave up by themselves, and were started again | {faults.gave_up} |", flush=True)
    if faults.gave_up or runs["equal"] < runs.total():
        print((folder / "driver.log").read_text()[-3000:], file=sys.stderr)
        sys.exit(f"What the commands have left is in {folder}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
