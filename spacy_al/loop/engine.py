"""The phases of a round: annotate -> train -> evaluate -> select; a run's models, which stay in memory."""

import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import numpy
from numpy.typing import NDArray
from thinc.api import Config

from ..acquisition.costs import Cost, create_sentence_cost, create_token_cost
from ..acquisition.queries import fixed_columns
from ..acquisition.score_shard import Column, PoolDocs, embed_shard
from ..acquisition.stopping import StoppingRule
from ..acquisition.strategies import Strategy
from ..corpus.labels import declared_labels
from ..corpus.reader import write_docs
from ..errors import ALError, Errors
from ..files import write_bytes, write_folder
from ..pipeline.adapters import get_sampler
from ..runs.folder import RunFolder, read_npz
from ..runs.labelled import is_gone
from ..runs.state import RunState, package_versions
from ..runs.whole import check_whole, new_answers
from ..schemas import ActiveLearningSchema, check_active_learning
from .accounting import effort, totals
from .asking import Asking
from .checks import check_paths, check_sampling, check_target, check_test, check_words, chosen_measures
from .cold_start import seed_utilities
from .columns import RoundColumns
from .determinism import prepare_cublas
from .hardware import describe_hardware, peak_memory, reset_peak
from .holdout import holdout_share
from .honest import Honest, mean_utility
from .judge import Judge
from .learner import Learner
from .loggers import RoundLogger, find_logger
from .oracle import Oracle, SimulatedOracle, separate_file
from .own import checked_cost, make_functions, reason_to_stop
from .people import People
from .precision import RoundScoring
from .reporter import Reporter
from .retrain import write_train_config
from .scoring_ray import TOKEN_VALUES, run_columns, score_round_on_ray
from .seeds import phase_rng, phase_seed
from .selection import open_numbers
from .self_training import COLUMNS as PSEUDO_COLUMNS
from .self_training import pseudo_labelled
from .watch import stability

LOOKED_AT = 200  # sentences of the pool whose words are compared with the tokenizer's
KEPT_TOKENS = 5_000_000  # a pool up to this size keeps tags of its tokens from round to round
TOP_UTILITY = "spacy-al.TopUtility.v1"
EMBEDDINGS = ("embedding", "entity_embedding")


class Engine:
    """Does the phases of one run in one process. Every phase can be done again: it ends by changing the state."""

    def __init__(self, config: Config, folder: RunFolder, *, use_gpu: int, reporter: Reporter) -> None:
        """
        config (Config): Filled, not interpolated. folder (RunFolder): The run's.
        use_gpu (int): Number of the GPU, -1 for none. reporter (Reporter): Is told of progress.
        RAISES: ALError for anything in the config that a user can mend.
        """
        self.config, self.folder, self.reporter, self.use_gpu = config, folder, reporter, use_gpu
        self.settings: ActiveLearningSchema = check_active_learning(config.interpolate())
        if self.settings.deterministic and use_gpu >= 0:
            prepare_cublas()
        self.measures = chosen_measures(self.settings)
        said = self.settings
        made = make_functions({"strategy": said.strategy, "cost": said.cost, "stopping": said.stopping})
        self.strategy: Strategy = made["strategy"]
        usual = create_sentence_cost if said.unit == "sentences" else create_token_cost
        self.cost: Cost = checked_cost(made["cost"], str(said.cost["@al_costs"])) if said.cost else usual()
        self.stopping: Optional[StoppingRule] = made["stopping"]
        pool_path = check_paths(self.settings)
        check_target(config, self.settings.target)
        self.labels = declared_labels(config.interpolate(), self.settings.target)  # raises for one it cannot read
        check_test(self.settings)
        # spaCy resolves [training] when it loads the pipeline, and would not say what is wrong.
        if block := config.interpolate()["training"].get("logger"):
            find_logger(block)
        self._load(config, pool_path)

    def _load(self, config: Config, pool_path: Path) -> None:
        self.learner = Learner(config, root=self.settings.seed, use_gpu=self.use_gpu)
        check_sampling(self.learner.nlp, self.settings, self.measures)
        self.judge = Judge(self.settings.successor, config, self.learner, self.folder, use_gpu=self.use_gpu)
        self.learners = list(dict.fromkeys([self.learner, self.judge.learner]))  # one, or a successor beside it
        vocab = self.learner.nlp.vocab
        self.pool, labels = separate_file(pool_path, vocab)
        if not self.pool.n_tokens:
            raise ALError(Errors.A500.format(pool=pool_path, problem="it holds no sentences"))
        simulated = self.settings.oracle == "simulation"
        self.simulated = SimulatedOracle(self.pool, labels, vocab) if simulated else None
        self.pool_docs = PoolDocs(self.pool, vocab)
        check_words(self.learner.nlp, self.pool_docs.get(range(min(len(self.pool), LOOKED_AT))), pool_path)
        self.scoring = RoundScoring(self.settings, self.measures, self.cost, self.pool)
        self.honest = Honest(self.pool, self.settings, self.folder, vocab)
        nlp = self.learner.nlp
        self.asking = Asking(self.pool, self.settings, self.folder, self.honest, self.strategy, self.cost, nlp)
        self.logger: Optional[RoundLogger] = None

    def fresh_state(self) -> RunState:
        """What a new run begins with."""
        return RunState(
            round=0, phase="annotate", labelled=[], pending=[], seed=self.settings.seed,
            pool=self.pool.fingerprint(), versions=package_versions(),
            device="cpu" if self.use_gpu < 0 else "cuda", hardware=describe_hardware(self.use_gpu),
            reserve=holdout_share(self.settings),
        )  # fmt: skip

    def do(self, state: RunState) -> None:
        """The phase that is due, and what comes after it; the state is changed, and not yet saved."""
        phases: Dict[str, Callable[[RunState], None]] = {
            "annotate": self._annotate, "waiting": self._annotate, "done": self._learn_late,
            "train": self._train, "evaluate": self._evaluate, "select": self._select,
        }  # fmt: skip
        phases[state.phase](state)

    def close(self) -> None:
        """Let loggers finish."""
        if self.logger is not None:
            self.logger.close()
            self.logger = None

    # --- seed and annotate

    def choose_seed(self, state: RunState) -> None:
        """The first questions, before there is a model of the run's own."""
        measure = self.measures[0].name
        seed = phase_seed(self.settings.seed, 0, "start")
        utilities = seed_utilities(self.pool, self.settings, seed=seed, progress=self.reporter.step)
        numbers = self.honest.holdout(state).open(numpy.arange(len(self.pool)))
        utilities = utilities[numbers]
        query = self.asking.query(numbers, fixed_columns({measure: utilities}), round_=0, measures=[measure])
        shown = dict(zip(query.ids, utilities.tolist())) if self.settings.start else {}
        self.asking.ask(state, query, shown)

    def _annotate(self, state: RunState) -> None:
        vocab, pipe = self.learner.nlp.vocab, self.learner.nlp.get_pipe(self.settings.target)
        check_whole(self.folder, state)
        answers = self.folder.log.read(state.answers)  # what is appended from here on belongs to the next round
        oracle: Oracle = self.simulated or People(self.folder, state, answers, vocab, pipe, self.labels)
        pending, over = set(state.pending), state.phase == "done"
        docs = oracle.annotate([task for task in self.folder.read_selected(state.round) if task.id in pending])
        gone = {doc.user_data["id"] for doc in docs or [] if is_gone(doc)}
        learnt, held = (
            [id_ for id_ in dict.fromkeys([*before, *new]) if id_ not in gone]
            for before, new in zip((state.labelled, state.holdout), self.honest.divide(state, docs or []))
        )
        if docs is None or not learnt:  # people may have answered for the holdout alone
            state.phase = "done" if over else "waiting"
            return
        state.round += over
        write_bytes(self.folder.answers(state.round), write_docs(docs))
        state.labelled, state.holdout = learnt, held
        state.answers += len(answers)
        state.answers_sha256 = self.folder.log.digest(state.answers)
        state.pending, state.phase = [], "train"

    def _learn_late(self, state: RunState) -> None:
        """Of a run that is over: another round on what has been answered since, in which nothing is asked."""
        if self.simulated is None and new_answers(self.folder, state):
            self._annotate(state)

    # --- train and evaluate

    def _train(self, state: RunState) -> None:
        self.ensure_trained(state)
        if self.settings.keep_models:
            write_folder(self.folder.round_model(state.round), self.learner.nlp.to_disk)
        state.phase = "evaluate"

    def ensure_trained(self, state: RunState) -> None:
        """Train for the present round; a process that goes on after a death trains again, to the same weights."""
        if self.learner.round != state.round:
            reset_peak()
        for learner in self.learners:
            learner.ensure(self.folder, state.round, state.labelled, self.reporter)

    def _evaluate(self, state: RunState) -> None:
        self.ensure_trained(state)
        self.reporter.phase(state.round, "evaluate", 0)
        judged = self.judge.row()
        row = self._row(state) | judged
        docs = self.folder.read_round(state.round, self.learner.nlp.vocab)
        now = effort(self.folder.read_selected(state.round), docs)
        row |= totals(self.folder.read_metrics(), now, state.round)
        start = time.perf_counter()
        row |= self.honest.look(state, self.judge.learner.nlp, self._labels(state).get(state.holdout))
        row["seconds"] = {"train": self.learner.seconds, "score": 0.0, "select": 0.0, **judged["seconds"]}
        row["seconds"]["look"] = time.perf_counter() - start
        row["peak_memory"] = peak_memory()
        self.folder.write_metrics(row)
        self.honest.keep_learnt(self.folder.read_metrics(), self.judge.learner.judged())
        self.reporter.row(row)
        if self.logger is None:
            self.logger = RoundLogger(self.learner.nlp, self.learner.trainer.training.get("logger"))
        self.logger.row(row, self.judge.learner.report)
        if self.stopping and not state.stopped:  # late answers do not undo it
            name = str((self.settings.stopping or {}).get("@al_stopping"))
            state.stopped = reason_to_stop(self.stopping, self.folder.read_metrics(), name)
        if state.round >= self.settings.rounds or not len(self._open(state)) or state.stopped:
            self._finish(state)
        else:
            state.phase = "select"

    def _open(self, state: RunState) -> NDArray[numpy.int64]:
        numbers = open_numbers(self.pool, self._labels(state), state.labelled, self.settings, state.round)
        return self.honest.holdout(state).open(numbers)

    def _labels(self, state: RunState) -> Any:
        return self.learner.read_labels(self.folder, state.round)

    def _row(self, state: RunState) -> Dict[str, Any]:
        return {
            "round": state.round,
            "labelled_sentences": len(state.labelled),
            "labelled_tokens": self.learner.tokens,
            "labelled_fraction": float(self.learner.tokens / self.pool.n_tokens),
            "trained_sentences": self.learner.report.sentences,
            "steps": self.learner.report.steps,
        }

    def _finish(self, state: RunState) -> None:
        everything = [*state.labelled, *state.holdout]
        learnt = state.labelled
        if self.settings.final_fit and state.holdout:
            learnt = everything
            self._fit_all(state, learnt)
        write_folder(self.folder.model, self.learner.nlp.to_disk)
        self.judge.save()
        docs = self._labels(state).get(everything)
        write_bytes(self.folder.labelled, write_docs(docs))
        write_train_config(
            self.folder, self.config, self.settings, self.learner.report, round_=state.round, sentences=len(learnt)
        )
        state.phase = "done"

    def _fit_all(self, state: RunState, ids: List[str]) -> None:
        """Learn from the holdout too. A run that goes on afterwards trains again, without it."""
        for learner in self.learners:
            learner.round = None
            learner.ensure(self.folder, state.round, ids, self.reporter)
            learner.round = None

    # --- select

    def _select(self, state: RunState) -> None:
        self.ensure_trained(state)
        numbers = self._open(state)
        seconds = {"score": 0.0}
        columns = self._columns(state, numbers, seconds)
        start = time.perf_counter()
        tags = list(get_sampler(self.learner.nlp, self.settings.target).tags) if self._asks_model() else []
        measures = [measure.name for measure in self.measures]
        labels = self._labels(state)
        query = self.asking.query(numbers, columns, round_=state.round + 1, measures=measures, tags=tags, labels=labels)
        columns(measures)
        if self.settings.self_training:
            self._keep_pseudo(state, columns)
        utilities = dict(zip(query.ids, query.utilities().tolist()))
        questions = self.asking.ask(state, query, utilities, columns)
        useful = mean_utility(query, questions, utilities) if self._asks_model() else {}
        stable = stability(self.pool.starts, read_npz(self.folder.utilities(state.round - 1)), columns.columns)
        elapsed = time.perf_counter() - start
        spent = {"score": seconds["score"], "select": elapsed - seconds["score"]}
        self._amend(spent, stability=stable, **useful, **self.scoring.row())
        state.round, state.phase = query.round, "annotate"

    def _keep_pseudo(self, state: RunState, columns: RoundColumns) -> None:
        """Write what the next training may learn from beside people's labels."""
        docs = pseudo_labelled(
            self.pool, columns.numbers, columns(PSEUDO_COLUMNS),
            list(get_sampler(self.learner.nlp, self.settings.target).tags), list(self._labels(state).docs.values()),
            vocab=self.learner.nlp.vocab, rng=phase_rng(self.settings.seed, state.round, "pseudo"),
        )  # fmt: skip
        write_bytes(self.folder.pseudo(state.round + 1), write_docs(docs))

    def _asks_model(self) -> bool:
        return any(measure.needs_model for measure in self.measures)

    def _columns(self, state: RunState, numbers: NDArray[numpy.int64], seconds: Dict[str, float]) -> RoundColumns:
        """Columns of this round's candidates; `seconds["score"]` grows by what computing them takes."""
        told = run_columns(self.measures)
        always = [measure.name for measure in self.measures]
        if self.settings.self_training:
            always += PSEUDO_COLUMNS
        if self.pool.n_tokens <= KEPT_TOKENS and self._asks_model():
            always.append("tags")
            if self.asking.name != TOP_UTILITY:
                always.append("token:mnlp")  # in the same pass over the pool, since most strategies ask for it
            always += [TOKEN_VALUES] if TOKEN_VALUES in told else []
        constant = [measure.name for measure in self.measures if not measure.needs_model]

        def compute(names: Sequence[str]) -> Dict[str, NDArray[Any]]:
            start = time.perf_counter()
            self.reporter.phase(state.round, "score", len(numbers))
            asked = {name: told[name] for name in names if name in told}
            found: Dict[str, NDArray[Any]] = {name: numpy.zeros(len(numbers)) for name in names if name in constant}
            if asked:
                found |= self._score(state.round, numbers, asked)
            if any(name in EMBEDDINGS for name in names):
                inside = columns(["tags"])["tags"] > 0
                pipe = self.learner.nlp.get_pipe(self.settings.target)
                found |= embed_shard(pipe, self.pool_docs, numbers.tolist(), inside)
            seconds["score"] += time.perf_counter() - start
            return found

        known = [*told, *constant, *EMBEDDINGS]
        columns = RoundColumns(self.folder, state.round, numbers, known, compute, always)
        return columns

    def _score(
        self, round_: int, numbers: NDArray[numpy.int64], asked: Mapping[str, Column]
    ) -> Dict[str, NDArray[Any]]:
        seed = phase_seed(self.settings.seed, round_, "score")
        if self.settings.engine == "ray":
            return score_round_on_ray(
                self.learner.nlp, self.folder, round_, str(self.settings.pool), self.pool.lengths[numbers], numbers,
                asked, seed=seed, gpu=self.use_gpu >= 0, progress=self.reporter.step,
            )  # fmt: skip
        return self.scoring(
            get_sampler(self.learner.nlp, self.settings.target), self.pool_docs, numbers, asked,
            self.folder.read_metrics(), seed=seed, progress=self.reporter.step,
        )  # fmt: skip

    def _amend(self, seconds: Dict[str, float], **values: Any) -> None:
        row = self.folder.read_metrics()[-1]
        row["seconds"] |= seconds
        row["peak_memory"] = peak_memory()
        self.folder.write_metrics(row | values)
