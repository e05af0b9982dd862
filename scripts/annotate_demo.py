"""A careful annotator out of a corpus whose labels are known: answers an exported batch, or labels in the real page."""

import json
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy
import typer
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_al.corpus.conversion import Options, convert
from spacy_al.jsonl import read_jsonl, write_jsonl

ROOT = Path(__file__).resolve().parent.parent
Gold = Dict[Tuple[str, ...], Doc]
app = typer.Typer(add_completion=False)


def read_gold(path: Path) -> Gold:
    """Labelled sentences by their words."""
    return {tuple(token.text for token in doc): doc for doc in DocBin().from_disk(path).get_docs(Vocab())}


# --- a batch for a tool


@app.command()
def batch(
    tasks: Path = typer.Argument(..., help="Tasks that `al query --format prodigy` wrote"),
    answers: Path = typer.Argument(..., help="Where the answers go, for `al ingest`"),
    gold: Path = typer.Option(..., help="DocBin of labelled sentences, which stands for what the annotator knows"),
) -> None:
    """Mark every sentence of the batch as the corpus has it; ignore what the corpus does not have."""
    known = read_gold(gold)
    answered = [answer(task, known) for _, task in read_jsonl(tasks)]
    write_jsonl(answers, answered)
    typer.echo(
        json.dumps({verdict: sum(one["answer"] == verdict for one in answered) for verdict in ("accept", "ignore")})
    )


def answer(task: Dict, known: Gold) -> Dict:
    """A task with spans and verdict, as Prodigy's `db-out` gives it back; its `token_end` is inclusive."""
    tokens: List[Dict] = task["tokens"]
    doc = known.get(tuple(token["text"] for token in tokens))
    if doc is None:
        return {**task, "spans": [], "answer": "ignore"}
    spans = [
        {
            "start": tokens[ent.start]["start"],
            "end": tokens[ent.end - 1]["end"],
            "token_start": ent.start,
            "token_end": ent.end - 1,
            "label": ent.label_,
        }
        for ent in doc.ents
    ]
    return {**task, "spans": spans, "answer": "accept"}


# --- the page


@app.command()
def page(
    folder: Path = typer.Argument(..., help="Where the run goes"),
    train: Path = typer.Argument(..., help="Labelled corpus: its words are the pool, its labels what is known"),
    test: Path = typer.Argument(..., help="Labelled corpus for the curve"),
    questions: int = typer.Option(200, help="Questions to answer"),
    sentences: int = typer.Option(2000, help="Sentences of the pool, drawn by chance"),
    tested: int = typer.Option(1000, help="Sentences of the test set, drawn by chance"),
    pace: float = typer.Option(0.0, help="Seconds for each question at least; people need some five"),
    pictures: bool = typer.Option(False, help="Keep pictures of the page at the end"),
) -> None:
    """Label in Chromium by keyboard, every tenth question by mouse, while the model learns; print the curve."""
    sys.path.insert(0, str(ROOT))
    from tests.annotate.servers import command, free_port

    folder.mkdir(parents=True)
    sample(train, folder / "pool.spacy", sentences)
    sample(test, folder / "test.spacy", tested)
    gold = read_gold(folder / "pool.spacy")
    labels = sorted({ent.label_ for doc in gold.values() for ent in doc.ents})
    options = ["--text", folder / "pool.spacy", "--labels", ",".join(labels), "--paths.test", folder / "test.spacy"]
    start = time.perf_counter()
    with command(folder / "run", free_port(), *map(str, options)) as (url, _):
        times = label(url, gold, labels, questions, pace, folder / "pictures" if pictures else None)
    spent = time.perf_counter() - start
    shown = {"seconds": round(spent), "first question": round(times["first"], 1)}
    shown |= {name: percentiles(times[name]) for name in ("labelling", "next")}
    typer.echo(json.dumps(shown))
    for _, row in read_jsonl(folder / "run/metrics.jsonl"):
        held = row.get("holdout") or {}
        numbers = {"round": row["round"], "answers": row["labelled_sentences"] + held.get("sentences", 0)}
        numbers |= {
            "F1 test": row["ents_f"],
            "F1 holdout": held.get("f"),
            "low": held.get("low"),
            "high": held.get("high"),
        }
        typer.echo(json.dumps({name: round(n, 3) if isinstance(n, float) else n for name, n in numbers.items()}))


def sample(source: Path, target: Path, amount: int) -> None:
    """Some sentences of a corpus, drawn by chance, in their order."""
    whole = target.with_name(f"all-{target.name}")
    convert(source, whole, Options())
    docs = list(DocBin().from_disk(whole).get_docs(Vocab()))
    rng = numpy.random.default_rng(0)
    chosen = sorted(rng.permutation(len(docs))[:amount].tolist())
    DocBin(docs=[docs[place] for place in chosen], store_user_data=True).to_disk(target)


def label(url: str, gold: Gold, labels: List[str], questions: int, pace: float, pictures: Any) -> Dict[str, Any]:
    """Answer questions in a browser: seconds to the first one, for labelling each, and from Enter to the next."""
    from selenium.webdriver.common.keys import Keys

    from tests.annotate.browser import Person, open_browser

    browser = open_browser()
    person, times = Person(browser), {"labelling": [], "next": []}  # type: ignore[var-annotated]
    try:
        start = time.perf_counter()
        browser.get(url)
        person.wait(person.words, 300)
        times["first"] = time.perf_counter() - start
        for number in range(questions):
            start = time.perf_counter()
            words = person.wait(person.words, 300)
            spans = [[ent.start, ent.end, ent.label_] for ent in gold[words].ents] if words in gold else []
            person.by_mouse(spans) if number % 10 == 9 else person.by_keyboard(spans, labels)
            if person.marked() != spans:
                raise SystemExit(f"the page shows {person.marked()} in place of {spans} in {' '.join(words)}")
            time.sleep(max(0.0, pace - (time.perf_counter() - start)))
            times["labelling"].append(time.perf_counter() - start)
            before, start = person.question(), time.perf_counter()
            person.press(Keys.ENTER)
            person.wait(lambda before=before: person.question() not in (before, None), 300)
            times["next"].append(time.perf_counter() - start)
        person.wait(lambda: not person.find(".doing .dot"), 300)
        if pictures is not None:
            take_pictures(browser, pictures)
        if problems := person.problems():
            raise SystemExit(f"the console says {problems}")
    finally:
        browser.quit()
    return times


def take_pictures(browser: Any, folder: Path) -> None:
    """The page as it is now, wide and narrow, light and dark."""
    folder.mkdir()
    for width, height in ((1280, 800), (390, 844)):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        for colours in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": colours}
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            picture = browser.get_screenshot_as_png()
            (folder / f"{width}-{colours}.png").write_bytes(picture)


def percentiles(seconds: List[float]) -> Dict[str, float]:
    """Median and 95th percentile."""
    middle, high = numpy.percentile(seconds, [50, 95])
    return {"p50": round(float(middle), 3), "p95": round(float(high), 3)}


if __name__ == "__main__":
    app()
