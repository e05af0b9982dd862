"""Worker processes of `nlp.pipe`."""

import os
import subprocess
import sys

SCRIPT = """
import spacy, torch
from spacy.training import Example
torch.set_num_threads(2)
nlp = spacy.blank("en")
nlp.add_pipe("sequence_tagger", config={"labels": ["PER"]})
docs = [nlp.make_doc("Anna saw Paul in the big old town of Rome today .") for _ in range(300)]
nlp.initialize(lambda: [Example(doc, doc) for doc in docs[:5]])
torch.randn(1000, 1000) @ torch.randn(1000, 1000)  # OpenMP's threads are there now
texts = [doc.text for doc in docs]
alone = [doc.ents for doc in nlp.pipe(texts)]
together = list(nlp.pipe(texts, n_process=2, batch_size=100))
assert [str(doc.ents) for doc in together] == list(map(str, alone))
assert torch.get_num_threads() == 2
print("done")
"""


def test_processes_forked_after_a_prediction_with_several_threads_come_to_an_end():
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True, text=True, timeout=120, env={**os.environ, "OMP_NUM_THREADS": "2"},
    )  # fmt: skip
    assert found.stdout.strip() == "done", found.stderr
