"""The server is killed again and again while somebody labels: no answer is lost, none is there twice."""

import json
import threading
import time

import numpy
import pytest

from .servers import Annotator, Forked, free_port, gold_spans


def soak(folder, pool, kills, seed=0):
    """Label everything there is while the server is killed; returns answers that were acknowledged, by id."""
    server, rng = Forked(folder, free_port()), numpy.random.default_rng(seed)
    gold, done, killed, over = gold_spans(pool), {}, [0], threading.Event()

    def killer():
        while killed[0] < kills and not over.is_set():
            time.sleep(float(rng.uniform(0.0, 0.15)))
            server.kill()
            killed[0] += 1
            server.start()

    server.start()
    thread = threading.Thread(target=killer)
    thread.start()
    somebody = Annotator(server.port, server.token)
    try:
        tasks = somebody.patiently()["tasks"]
        while tasks:
            row = somebody.row(tasks[0], gold[tuple(tasks[0]["words"])])
            tasks = somebody.patiently([row])["tasks"]
            done[row["id"]] = row
            while tasks and len(done) > 90 and killed[0] < kills:
                time.sleep(0.05)  # questions are few: some are kept for the last kills
    finally:
        over.set()
        thread.join()
        server.kill()
    return done, killed[0]


@pytest.mark.parametrize("kills", [25])
def test_nothing_is_lost_when_the_server_is_killed(folder, pool, kills):
    done, killed = soak(folder, pool, kills)
    rows = [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
    assert killed == kills
    assert len(rows) == len(done) == 120
    assert {row["id"]: row.get("spans", []) for row in rows} == {id_: row["spans"] for id_, row in done.items()}
