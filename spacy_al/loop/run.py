"""The rounds of active learning: seed -> annotate -> train -> evaluate -> score -> select -> annotate ..."""

import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Protocol, Sequence

import numpy
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_config, registry
from thinc.api import Config

from ..acquisition.strategies import Candidates, Strategy, random_order
from ..corpus.reader import make_example, read_docs, write_docs
from ..corpus.split import split_dev, take_budget
from ..errors import ALError, Errors
from ..files import write_bytes, write_folder, write_text
from ..jsonl import write_jsonl
from ..schemas import ActiveLearningSchema, check_active_learning, fill_active_learning
from ..uncertainty.measures import Measure, check_measures, get_measures
from .changes import config_changes, version_changes
from .evaluation import span_scores
from .folder import RunFolder, selection_rows
from .lock import locked
from .memory import peak_memory, reset_peak
from .oracle import Oracle, People, SimulatedOracle, separate
from .scoring import PoolDocs, score_pool
from .seeds import phase_rng, phase_seed
from .state import RunState, load_state, package_versions
from .training import Trainer, TrainingReport


class Reporter(Protocol):
    """Is told what a run does; the command line prints it."""

    def phase(self, round_: int, name: str, total: int) -> None:
        """A phase of a round begins, with so many steps to come (0: unknown)."""
        ...

    def step(self, done: int, total: int) -> None:
        """Steps of the present phase that are done."""
        ...

    def row(self, metrics: Dict[str, Any]) -> None:
        """A round has been evaluated."""
        ...


class Silent:
    """A Reporter that says nothing."""

    def phase(self, round_: int, name: str, total: int) -> None:
        """Nothing."""

    def step(self, done: int, total: int) -> None:
        """Nothing."""

    def row(self, metrics: Dict[str, Any]) -> None:
        """Nothing."""


def run(
    config: Config,
    output: Path,
    *,
    use_gpu: int = -1,
    accept_changes: bool = False,
    reporter: Optional[Reporter] = None,
) -> RunState:
    """Start a run, or go on with the one in a folder.

    config (Config): A spaCy config with an [active_learning] block, not interpolated.
    output (Path): The run's folder.
    use_gpu (int): Number of the GPU, -1 for none; the caller has set it up.
    accept_changes (bool): Go on although config, pool or versions differ from those the run was started with.
    reporter (Optional[Reporter]): Is told of progress.
    RETURNS (RunState): phase "done", or "waiting" for people.
    RAISES: ALError for anything a user can mend: config, files, a run of other settings, a second process.
    """
    filled = fill_active_learning(config)
    with locked(RunFolder(output).lock):
        return ActiveLearningRun(filled, output, use_gpu, accept_changes, reporter or Silent()).advance()


class ActiveLearningRun:
    """One run in one process. Every phase ends by replacing state.json, and can be done again from there."""

    def __init__(
        self, config: Config, output: Path, use_gpu: int, accept_changes: bool, reporter: Reporter
    ) -> None:
        self.folder = RunFolder(output)
        self.reporter = reporter
        self.settings: ActiveLearningSchema = check_active_learning(config.interpolate())
        self.measures = chosen_measures(self.settings)
        self.strategy: Strategy = registry.resolve({"strategy": self.settings.strategy})["strategy"]
        pool_path = check_paths(self.settings)
        check_target(config, self.settings.target)
        self.trainer = Trainer(config, self.settings, use_gpu=use_gpu)
        vocab = self.trainer.nlp.vocab
        self.pool, labels = separate(read_docs(pool_path, vocab), vocab)
        if not len(self.pool):
            raise ALError(Errors.A500.format(pool=pool_path, problem="it holds no sentences"))
        self.simulated = SimulatedOracle(self.pool, labels, vocab) if self.settings.oracle == "simulation" else None
        self.pool_docs = PoolDocs(self.pool, vocab)
        self.examples: Dict[str, Example] = {}
        self.test: Optional[List[Example]] = None
        self.trained: Optional[TrainingReport] = None
        self.row: Dict[str, Any] = {}
        self.state = self._start(config, use_gpu, accept_changes)

    def _start(self, config: Config, use_gpu: int, accept_changes: bool) -> RunState:
        versions = package_versions()
        state = load_state(self.folder.state)
        if state is None:
            self._keep_config(config)
            state = RunState(
                round=0, phase="annotate", labelled=[], pending=[], seed=self.settings.seed,
                pool=self.pool.fingerprint(), versions=versions, device="cpu" if use_gpu < 0 else "cuda",
            )  # fmt: skip
            self._select_seed(state)
            return state
        changes = config_changes(load_config(self.folder.config), config) + version_changes(state, versions)
        if state.pool != self.pool.fingerprint():
            changes.append("the sentences of the pool")
        if changes and not accept_changes:
            raise ALError(Errors.A503.format(path=self.folder.path, changes="; ".join(changes)))
        if changes:
            self._keep_config(config)
            state.versions = versions
        return state

    def _keep_config(self, config: Config) -> None:
        write_text(self.folder.config, config.to_str())

    def advance(self) -> RunState:
        """Do phase after phase until the run is done or waits for people."""
        phases = {
            "annotate": self._annotate, "waiting": self._annotate, "train": self._train,
            "evaluate": self._evaluate, "score": self._score, "select": self._select,
        }  # fmt: skip
        while self.state.phase != "done":
            phases[self.state.phase]()
            if self.state.phase == "waiting":
                break
        return self.state

    def _enter(self, phase: str) -> None:
        self.state.phase = phase
        self.state.save(self.folder.state)

    # --- seed and annotate

    def _select_seed(self, state: RunState) -> None:
        rng = phase_rng(state.seed, 0, "select_seed")
        order = numpy.argsort(random_order(self.pool.ids, rng), kind="stable").tolist()
        chosen = take_budget(order, self._costs(), self._budget(self.settings.seed_budget))
        self._write_selected(chosen, {}, round_=0, measure="random")
        state.pending = [self.pool.ids[number] for number in chosen]
        state.save(self.folder.state)

    def _costs(self) -> numpy.ndarray:
        return numpy.ones(len(self.pool), dtype=numpy.int64) if self.settings.unit == "sentences" else self.pool.lengths

    def _budget(self, amount: float) -> float:
        return amount * self.pool.n_tokens if self.settings.unit == "fraction" else amount

    def _annotate(self) -> None:
        oracle: Oracle = self.simulated or People(self.folder.answers(self.state.round), self.trainer.nlp.vocab)
        docs = oracle.annotate(self.state.pending)
        if docs is None:
            return self._enter("waiting")
        if self.simulated is not None:
            self.folder.write_answers(self.state.round, docs)
        self.state.labelled += [doc.user_data["id"] for doc in docs]
        self.state.pending = []
        self._enter("train")

    # --- train and evaluate

    def _labelled_docs(self) -> List[Doc]:
        return self.folder.read_answers(self.state.round, self.trainer.nlp.vocab)

    def _labelled_examples(self) -> List[Example]:
        if len(self.examples) != len(self.state.labelled):
            for doc in self._labelled_docs():
                self.examples.setdefault(doc.user_data["id"], make_example(doc))
        return [self.examples[id_] for id_ in self.state.labelled]

    def _train(self) -> None:
        self._train_model()
        self._enter("evaluate")

    def _train_model(self) -> None:
        round_ = self.state.round
        reset_peak()
        examples = self._labelled_examples()
        lengths = numpy.array([len(eg.y) for eg in examples])
        rng = phase_rng(self.state.seed, round_, "split")
        train, dev = split_dev(range(len(examples)), lengths, self.settings.dev_fraction, rng)
        self.reporter.phase(round_, "train", 0)
        start = time.perf_counter()
        self.trained = self.trainer.train(
            [examples[number] for number in train],
            [examples[number] for number in dev],
            seed=phase_seed(self.state.seed, round_, "train"),
            progress=self.reporter.step,
        )
        self.row = self._first_half(len(train), lengths, time.perf_counter() - start)

    def _first_half(self, n_train: int, lengths: numpy.ndarray, seconds: float) -> Dict[str, Any]:
        assert self.trained is not None
        return {
            "round": self.state.round,
            "labelled_sentences": len(lengths),
            "labelled_tokens": int(lengths.sum()),
            "labelled_fraction": float(lengths.sum() / self.pool.n_tokens),
            "trained_sentences": n_train,
            "steps": self.trained.steps,
            "seconds": {"train": seconds, "score": 0.0, "select": 0.0, "evaluate": 0.0},
        }

    def _need_model(self) -> None:
        # A process that goes on after training trains again, from the same seed: same weights, and nothing to lose.
        if self.trained is None:
            self._train_model()

    def _evaluate(self) -> None:
        self._need_model()
        start = time.perf_counter()
        self.reporter.phase(self.state.round, "evaluate", 0)
        scores = span_scores(self.trainer.nlp, self._test_examples()) if self.settings.test else {}
        self.row |= {key: scores.get(key) for key in ("ents_f", "ents_p", "ents_r", "ents_per_type")}
        self.row["seconds"]["evaluate"] = time.perf_counter() - start
        self.row["peak_memory"] = peak_memory()
        self.folder.write_metrics(self.row)
        self.reporter.row(self.row)
        self._end_or("score")

    def _test_examples(self) -> List[Example]:
        if self.test is None:
            docs = read_docs(str(self.settings.test), self.trainer.nlp.vocab)
            self.test = [make_example(doc) for doc in docs]
        return self.test

    def _end_or(self, phase: str) -> None:
        unlabelled = len(self.pool) - len(self.state.labelled)
        if self.state.round >= self.settings.rounds or not unlabelled:
            self._finish()
        else:
            self._enter(phase)

    def _finish(self) -> None:
        write_folder(self.folder.model, self.trainer.nlp.to_disk)
        write_bytes(self.folder.labelled, write_docs(self._labelled_docs()))
        self._enter("done")

    # --- score and select

    def _unlabelled(self) -> List[int]:
        labelled = set(self.state.labelled)
        numbers = [number for number, id_ in enumerate(self.pool.ids) if id_ not in labelled]
        if self.settings.pool_fraction == 1:
            return numbers
        rng = phase_rng(self.state.seed, self.state.round, "subsample")
        order = numpy.argsort(random_order([self.pool.ids[number] for number in numbers], rng), kind="stable")
        return sorted(numbers[place] for place in order[: round(self.settings.pool_fraction * len(numbers))])

    def _score(self) -> None:
        self._need_model()
        numbers = self._unlabelled()
        start = time.perf_counter()
        self.reporter.phase(self.state.round, "score", len(numbers))
        utilities = score_pool(
            self.trainer.nlp,
            self.settings,
            self.pool_docs,
            numbers,
            self.measures,
            seed=phase_seed(self.state.seed, self.state.round, "score"),
            progress=self.reporter.step,
        )
        self.folder.write_utilities(self.state.round, numbers, utilities)
        self._add_seconds("score", time.perf_counter() - start)
        self._enter("select")

    def _add_seconds(self, phase: str, seconds: float) -> None:
        row = self.folder.read_metrics()[-1]
        row["seconds"][phase] = seconds
        row["peak_memory"] = peak_memory()
        self.folder.write_metrics(row)

    def _select(self) -> None:
        start = time.perf_counter()
        arrays = self.folder.read_utilities(self.state.round)
        numbers: List[int] = arrays["numbers"].tolist()
        chosen = self._choose(numbers, [arrays[measure.name] for measure in self.measures])
        utilities = dict(zip(numbers, arrays[self.measures[0].name].tolist()))
        following = self.state.round + 1
        self._write_selected(chosen, utilities, round_=following, measure=self.measures[0].name)
        self._add_seconds("select", time.perf_counter() - start)
        self.state.round = following
        self.state.pending = [self.pool.ids[number] for number in chosen]
        self.trained = None
        self._enter("annotate")

    def _write_selected(self, chosen: List[int], utilities: Dict[int, float], *, round_: int, measure: str) -> None:
        docs = list(self.pool.docs(chosen, self.trainer.nlp.vocab))
        for doc, number in zip(docs, chosen):
            doc.user_data["source"] = self.pool.sources[number]
        # People may want the model's entities to correct; a simulation needs none.
        suggest = self.settings.oracle == "people" and round_ > 0
        if suggest:
            self._need_model()
            for _, pipe in self.trainer.nlp.pipeline:
                docs = list(pipe.pipe(docs, batch_size=128))
        values = [utilities.get(number) for number in chosen]
        rows = selection_rows(docs, values, round_=round_, measure=measure, suggest=suggest)
        write_jsonl(self.folder.selected(round_), rows)

    def _choose(self, numbers: List[int], utilities: Sequence[numpy.ndarray]) -> List[int]:
        candidates = Candidates(
            ids=[self.pool.ids[number] for number in numbers],
            utilities=utilities[0],
            costs=self._costs()[numbers],
            ties=utilities[1] if len(utilities) > 1 else None,
        )
        rng = phase_rng(self.state.seed, self.state.round, "select")
        return [numbers[place] for place in self.strategy(candidates, self._budget(self.settings.round_budget), rng)]


def chosen_measures(settings: ActiveLearningSchema) -> List[Measure]:
    """The measure of a run and the one that breaks its ties; raises ALError for combinations that make no sense."""
    names = [settings.measure] + ([settings.tie_measure] if settings.tie_measure else [])
    measures = get_measures(names)
    check_measures(measures, passes=settings.passes, dropout=settings.dropout)
    return measures


def check_paths(settings: ActiveLearningSchema) -> Path:
    """The pool's path; raises ALError A500 or A003 before any work when a corpus is missing."""
    if not settings.pool:
        raise ALError(Errors.A500.format(pool=settings.pool, problem="give the corpus to label from, --paths.pool FILE.spacy"))
    for path in filter(None, (settings.pool, settings.test)):
        if not Path(path).exists():
            raise ALError(Errors.A003.format(path=path, cure="Make it with `python -m spacy al convert`."))
    return Path(settings.pool)


def check_target(config: Config, target: str) -> None:
    """Raise ALError A505 unless the pipeline has the target component."""
    names = config.get("nlp", {}).get("pipeline", [])
    if target not in names:
        raise ALError(Errors.A505.format(target=target, names=", ".join(names)))


