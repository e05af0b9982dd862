"""The rounds of active learning: seed -> annotate -> train -> evaluate -> score -> select -> annotate ..."""

import contextlib
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Config

from ..acquisition.strategies import Candidates, Strategy, random_order, rank
from ..corpus.reader import write_docs
from ..corpus.split import take_budget
from ..errors import ALError, Errors
from ..files import write_bytes, write_folder, write_text
from ..jsonl import write_jsonl
from ..runs.folder import RunFolder, selection_rows
from ..runs.lock import locked
from ..runs.resume import check_resume, find_state, take_over
from ..runs.state import RunState, package_versions
from ..schemas import ActiveLearningSchema, check_active_learning, fill_active_learning
from .checks import check_labels, check_paths, check_sampling, check_target, check_test, chosen_measures
from .cold_start import seed_utilities
from .determinism import deterministic, prepare_cublas
from .evaluation import predicted
from .hardware import describe_hardware
from .learner import Learner
from .loggers import RoundLogger, find_logger
from .memory import peak_memory, reset_peak
from .oracle import Oracle, People, SimulatedOracle, separate_file
from .reporter import Reporter, Silent
from .scoring import PoolDocs, score_pool
from .seeds import phase_rng, phase_seed
from .stability import stability
from .successor import load_successor, successor_row


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

    def __init__(self, config: Config, output: Path, use_gpu: int, accept_changes: bool, reporter: Reporter) -> None:
        self.folder = RunFolder(output)
        self.reporter = reporter
        self.settings: ActiveLearningSchema = check_active_learning(config.interpolate())
        if self.settings.deterministic and use_gpu >= 0:
            prepare_cublas()
        self.measures = chosen_measures(self.settings)
        self.strategy: Strategy = registry.resolve({"strategy": self.settings.strategy})["strategy"]
        pool_path = check_paths(self.settings)
        check_target(config, self.settings.target)
        check_labels(config, self.settings.target)
        check_test(self.settings)
        other = self._successor_config(config)
        # spaCy resolves [training] when it loads the pipeline, and would not say what is wrong.
        if block := config.interpolate()["training"].get("logger"):
            find_logger(block)
        state = find_state(self.folder)
        self.learner = Learner(config, root=self.settings.seed, use_gpu=use_gpu)
        check_sampling(self.learner.nlp, self.settings, self.measures)
        self.successor = Learner(other, root=self.settings.seed, use_gpu=use_gpu) if other else None
        vocab = self.learner.nlp.vocab
        self.pool, labels = separate_file(pool_path, vocab)
        if not len(self.pool):
            raise ALError(Errors.A500.format(pool=pool_path, problem="it holds no sentences"))
        self.simulated = SimulatedOracle(self.pool, labels, vocab) if self.settings.oracle == "simulation" else None
        self.pool_docs = PoolDocs(self.pool, vocab)
        fresh = self._fresh_state(use_gpu)
        self.state = self._resume(state, fresh, config, other, accept_changes) if state else fresh
        if state is None:
            self._begin(config, other)

    def _successor_config(self, config: Config) -> Optional[Config]:
        path = self.settings.successor
        return load_successor(Path(path), config, self.settings) if path else None

    def _fresh_state(self, use_gpu: int) -> RunState:
        return RunState(
            round=0, phase="annotate", labelled=[], pending=[], seed=self.settings.seed,
            pool=self.pool.fingerprint(), versions=package_versions(),
            device="cpu" if use_gpu < 0 else "cuda", hardware=describe_hardware(use_gpu),
        )  # fmt: skip

    def _begin(self, config: Config, other: Optional[Config]) -> None:
        self.folder.sweep()
        self._keep_configs(config, other)
        self._select_seed()
        self.state.save(self.folder.state)

    def _resume(
        self, state: RunState, fresh: RunState, config: Config, other: Optional[Config], accept: bool
    ) -> RunState:
        self.folder.sweep()
        if check_resume(self.folder, state, fresh, config, other, accept_changes=accept):
            known, settings = set(self.pool.index), self.settings
            take_over(self.folder, state, fresh, known, settings.pool, rounds=settings.rounds)
            self._keep_configs(config, other)
            state.save(self.folder.state)
        return state

    def _keep_configs(self, config: Config, other: Optional[Config]) -> None:
        if other is None:
            self.folder.successor_config.unlink(missing_ok=True)
        else:
            write_text(self.folder.successor_config, other.to_str())
        write_text(self.folder.config, config.to_str())

    def advance(self) -> RunState:
        """Do phase after phase until the run is done or waits for people."""
        phases = {
            "annotate": self._annotate, "waiting": self._annotate, "train": self._train,
            "evaluate": self._evaluate, "score": self._score, "select": self._select,
        }  # fmt: skip
        if self.state.phase == "done":
            return self.state
        self.logger = RoundLogger(self.learner.nlp, self.learner.trainer.training.get("logger"))
        with contextlib.closing(self.logger), deterministic(self.settings.deterministic):
            while self.state.phase != "done":
                phases[self.state.phase]()
                if self.state.phase == "waiting":
                    break
        return self.state

    def _enter(self, phase: str) -> None:
        self.state.phase = phase
        self.state.save(self.folder.state)

    # --- seed and annotate

    def _select_seed(self) -> None:
        seed = phase_seed(self.settings.seed, 0, "start")
        utilities = seed_utilities(self.pool, self.settings, seed=seed, progress=self.reporter.step)
        candidates = Candidates(ids=self.pool.ids, utilities=utilities, costs=self._costs())
        order = rank(candidates, phase_rng(self.settings.seed, 0, "select_seed"))
        chosen = take_budget(order, self._costs(), self._budget(self.settings.seed_budget))
        start = self.settings.start
        values = [None if start is None else float(utilities[number]) for number in chosen]
        self._write_selected(chosen, values, round_=0, measure=start or "random")
        self.state.pending = [self.pool.ids[number] for number in chosen]

    def _costs(self) -> NDArray[numpy.int64]:
        return numpy.ones(len(self.pool), dtype=numpy.int64) if self.settings.unit == "sentences" else self.pool.lengths

    def _budget(self, amount: float) -> float:
        return amount * self.pool.n_tokens if self.settings.unit == "fraction" else amount

    def _annotate(self) -> None:
        oracle: Oracle = self.simulated or self._people()
        docs = oracle.annotate(self.state.pending)
        if docs is None:
            return self._enter("waiting")
        self.folder.write_answers(self.state.round, docs)
        self.state.labelled += [doc.user_data["id"] for doc in docs]
        self.state.pending = []
        self._enter("train")

    def _people(self) -> People:
        nlp = self.learner.nlp
        return People(self.folder.answers(self.state.round), nlp.vocab, nlp.get_pipe(self.settings.target))

    # --- train and evaluate

    def _train(self) -> None:
        self._need(self.learner)
        if self.successor is not None:
            self._need(self.successor)
        self._enter("evaluate")

    def _need(self, learner: Learner) -> None:
        if learner.round != self.state.round:
            reset_peak()
        learner.ensure(self.folder, self.state.round, self.state.labelled, self.reporter)

    def _evaluate(self) -> None:
        self._need(self.learner)
        start = time.perf_counter()
        self.reporter.phase(self.state.round, "evaluate", 0)
        row = self._row() | self.learner.evaluate()
        if self.successor is not None:
            self._need(self.successor)
            row["acquisition_ents_f"] = row["ents_f"]
            row["seconds"]["train_successor"] = self.successor.seconds
            row |= successor_row(self.successor, Path(str(self.settings.successor)).stem)
        row["seconds"]["evaluate"] = time.perf_counter() - start
        row["peak_memory"] = peak_memory()
        self.folder.write_metrics(row)
        self.reporter.row(row)
        self.logger.row(row, (self.successor or self.learner).report)
        self._end_or("score")

    def _row(self) -> Dict[str, Any]:
        return {
            "round": self.state.round,
            "labelled_sentences": len(self.state.labelled),
            "labelled_tokens": self.learner.tokens,
            "labelled_fraction": float(self.learner.tokens / self.pool.n_tokens),
            "trained_sentences": self.learner.report.sentences,
            "steps": self.learner.report.steps,
            "seconds": {"train": self.learner.seconds, "score": 0.0, "select": 0.0, "evaluate": 0.0},
        }

    def _end_or(self, phase: str) -> None:
        unlabelled = len(self.pool) - len(self.state.labelled)
        if self.state.round >= self.settings.rounds or not unlabelled:
            self._finish()
        else:
            self._enter(phase)

    def _finish(self) -> None:
        write_folder(self.folder.model, self.learner.nlp.to_disk)
        if self.successor is not None:
            write_folder(self.folder.successor, self.successor.nlp.to_disk)
        docs = self.learner.docs(self.folder, self.state.round)
        write_bytes(self.folder.labelled, write_docs(docs))
        self._enter("done")

    # --- score and select

    def _unlabelled(self) -> NDArray[numpy.int64]:
        labelled = set(self.state.labelled)
        numbers = [number for number, id_ in enumerate(self.pool.ids) if id_ not in labelled]
        if self.settings.pool_fraction < 1:
            rng = phase_rng(self.settings.seed, self.state.round, "subsample")
            order = numpy.argsort(random_order([self.pool.ids[number] for number in numbers], rng), kind="stable")
            # One at least: a round without any would learn nothing, and people would be asked nothing.
            amount = max(round(self.settings.pool_fraction * len(numbers)), 1)
            numbers = sorted(numbers[place] for place in order[:amount])
        return numpy.array(numbers, dtype=numpy.int64)

    def _score(self) -> None:
        self._need(self.learner)
        numbers = self._unlabelled()
        start = time.perf_counter()
        self.reporter.phase(self.state.round, "score", len(numbers))
        scores = score_pool(
            self.learner.nlp,
            self.settings,
            self.pool_docs,
            numbers.tolist(),
            self.measures,
            seed=phase_seed(self.settings.seed, self.state.round, "score"),
            progress=self.reporter.step,
        )
        self.folder.write_utilities(self.state.round, numbers, scores)
        before = self.folder.read_utilities(self.state.round - 1)
        stable = stability(self.pool.starts, before, {"numbers": numbers, **scores})
        self._amend("score", time.perf_counter() - start, stability=stable)
        self._enter("select")

    def _amend(self, phase: str, seconds: float, **values: Optional[float]) -> None:
        row = self.folder.read_metrics()[-1]
        row["seconds"][phase] = seconds
        row["peak_memory"] = peak_memory()
        self.folder.write_metrics(row | values)

    def _select(self) -> None:
        start = time.perf_counter()
        arrays = self.folder.read_utilities(self.state.round)
        numbers = arrays["numbers"]
        places = self._choose(numbers, [arrays[measure.name] for measure in self.measures])
        chosen = numbers[places].tolist()
        following = self.state.round + 1
        name = self.measures[0].name
        self._write_selected(
            chosen, arrays[name][places].tolist(), round_=following, measure=name,
            uncertainty=self._token_uncertainty(arrays, places),
        )  # fmt: skip
        self._amend("select", time.perf_counter() - start)
        self.state.round = following
        self.state.pending = [self.pool.ids[number] for number in chosen]
        self._enter("annotate")

    def _token_uncertainty(self, arrays: Dict[str, NDArray], places: List[int]) -> Optional[List[List[float]]]:
        if "token_uncertainty" not in arrays:
            return None
        lengths = self.pool.lengths[arrays["numbers"]]
        starts = numpy.cumsum(lengths) - lengths
        values = arrays["token_uncertainty"]
        rows = [values[starts[place] : starts[place] + lengths[place]].tolist() for place in places]
        return [[float(f"{value:.4g}") for value in row] for row in rows]

    def _write_selected(
        self,
        chosen: Sequence[int],
        utilities: List[Optional[float]],
        *,
        round_: int,
        measure: str,
        uncertainty: Optional[List[List[float]]] = None,
    ) -> None:
        docs: List[Doc] = list(self.pool.docs(chosen, self.learner.nlp.vocab))
        for doc, number in zip(docs, chosen, strict=True):
            doc.user_data["source"] = self.pool.sources[number]
        # People may want the model's entities to correct; a simulation needs none.
        suggest = self.settings.oracle == "people" and round_ > 0
        if suggest:
            self._need(self.learner)
            docs = predicted(self.learner.nlp, docs)
        rows = selection_rows(docs, utilities, round_=round_, measure=measure, suggest=suggest, uncertainty=uncertainty)
        write_jsonl(self.folder.selected(round_), rows)

    def _choose(self, numbers: NDArray[numpy.int64], utilities: Sequence[NDArray[numpy.float64]]) -> List[int]:
        candidates = Candidates(
            ids=[self.pool.ids[number] for number in numbers.tolist()],
            utilities=utilities[0],
            costs=self._costs()[numbers],
            ties=utilities[1] if len(utilities) > 1 else None,
        )
        rng = phase_rng(self.settings.seed, self.state.round, "select")
        return self.strategy(candidates, self._budget(self.settings.round_budget), rng)
