"""One run of active learning, opened in Python: what to label next, answers, and the steps in between."""

import warnings
from collections import Counter
from numbers import Integral
from pathlib import Path
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import spacy
from spacy.language import Language
from spacy.util import load_config
from spacy.vocab import Vocab
from thinc.api import Config

from ..corpus.labels import declared_labels
from ..errors import ALError, Errors, Warnings
from ..files import write_folder, write_text
from ..jsonl import fitting
from ..runs.folder import RunFolder, Stamp, file_stamp, owner
from ..runs.labelled import Labels
from ..runs.lock import locked
from ..runs.resume import check_resume, find_state, take_over
from ..runs.state import RunState, load_state
from ..runs.whole import check_whole, new_answers
from ..schemas import check_active_learning, check_dollars, fill_active_learning
from ..tasks import Answer, Task, answer_problem
from .determinism import deterministic
from .doubts import FOLDS, doubt_tasks, look_again, summarise
from .engine import Engine
from .learner import Learner
from .reporter import Reporter, Silent
from .standing import Status, read_status

UNFINISHED = ("train", "evaluate", "select")


class Session:
    """A run in a folder. Questions and answers need no model and no lock; `step` does, and keeps the model in memory.

    Any number of sessions, in any number of processes, may be open on one run: each change is made under the run's
    lock, and begins from what is on the disk.
    """

    def __init__(self, folder: Path, config: Config, *, use_gpu: int, accept_changes: bool, reporter: Reporter) -> None:
        self.folder = RunFolder(folder)
        self.config = config
        self.settings = check_active_learning(config.interpolate())
        self.use_gpu = use_gpu
        self.accept_changes = accept_changes
        self.reporter = reporter
        self.engine: Optional[Engine] = None
        self.made_for: Stamp = ()  # the config.cfg that the engine was made for
        self.begun = self.folder.state.is_file()  # seen on the disk: a run that has been there has to be there still

    @classmethod
    def open(
        cls,
        folder: Union[str, Path],
        config: Union[str, Path, Config, None] = None,
        *,
        overrides: Optional[Mapping[str, Any]] = None,
        use_gpu: int = -1,
        accept_changes: bool = False,
        reporter: Optional[Reporter] = None,
    ) -> "Session":
        """Open the run in a folder, or make ready to begin one there; nothing is trained or written yet.

        folder (Union[str, Path]): The run's folder.
        config (Union[str, Path, Config, None]): With an [active_learning] block; None for the one in the folder.
        overrides (Optional[Mapping[str, Any]]): Of the config, such as {"active_learning.rounds": 5}.
        use_gpu (int): Number of the GPU, which is made spaCy's when a model is needed; -1: as spaCy is set.
        accept_changes (bool): Go on although config, pool or versions differ from those the run was started with.
        reporter (Optional[Reporter]): Is told of progress.
        RAISES: ALError A510 without a config where no run is, A001, A008, A009 for a wrong config.
        """
        here = RunFolder(Path(folder))
        check_dollars(overrides or {})
        if config is None and not here.config.is_file() and not here.state.is_file():
            raise ALError(Errors.A510.format(path=folder))
        if not isinstance(config, Config):
            said = dict(overrides or {})
            config = load_config(config, overrides=said, interpolate=False) if config else here.read_config(said)
        elif overrides:
            config = Config(config).from_str(config.to_str(), overrides=dict(overrides), interpolate=False)
        filled = fill_active_learning(config)
        return cls(Path(folder), filled, use_gpu=use_gpu, accept_changes=accept_changes, reporter=reporter or Silent())

    # --- questions and answers

    @property
    def labels(self) -> List[str]:
        """The declared entity types, in their order; raises ALError A003, A007 or A304 as `declared_labels`."""
        return declared_labels(self.config.interpolate(), self.settings.target)

    def next(self, k: Optional[int] = None) -> List[Task]:
        """What to label next, most useful first: questions of the present round that have no answer yet.

        k (Optional[int]): At most so many; None: all.
        RETURNS (List[Task]): Each with its sentence, and `questions` about it. Empty unless the run waits for people.
        RAISES: ALError A475 for anything but a whole number of 0 or more, A539 when the folder is gone.
        """
        if k is not None and (not isinstance(k, Integral) or k < 0):
            raise ALError(Errors.A475.format(k=repr(k)))
        state = self._state()
        if state is None or state.phase != "waiting":
            return []
        now = new_answers(self.folder, state)
        said = {answer.id for answer in now if answer.round in (None, state.round)}
        pending = set(state.pending) - said
        return [task for task in self.folder.read_selected(state.round) if task.id in pending][:k]

    def batch(self) -> List[Task]:
        """All that the present round asks, answered or not.

        RAISES: ALError A507 unless the run waits for people, A533 or A535 when its files do not hold what they held,
            A531 for a type of entity that is labelled and not declared any more, A300 or A304 without any type.
        """
        state = self._state()
        if state is None or state.phase != "waiting":
            raise ALError(Errors.A507.format(path=self.folder.path, phase=_phase(state)))
        check_whole(self.folder, state)
        self._check_labels()
        check_declared(self.folder, state, self.labels)
        pending = set(state.pending)
        return [task for task in self.folder.read_selected(state.round) if task.id in pending]

    def asked(self) -> List[Task]:
        """All that this round and earlier ones asked, in this order; a sentence may be there with several windows.

        RAISES: ALError A509 where nobody can answer, A300 or A304 without labels, and what `check_whole` does.
        """
        state = self._asking()
        check_whole(self.folder, state)
        self._check_labels()
        return self.folder.every_task(state.round)

    def look_again(self, k: Optional[int] = None, *, folds: int = FOLDS) -> Tuple[List[Task], List[str]]:
        """Labelled sentences that are worth a second look, least likely labels first; answers go to `answer`.

        Models are trained on parts of the labels for this, `folds` of them; the run itself does not change.

        k (Optional[int]): At most so many; None: all.
        RETURNS (Tuple[List[Task], List[str]]): Sentences with their present labels; doubts by annotator and by type.
        RAISES: ALError A510 when the run has not begun, A731 for too few labelled sentences or folds.
        """
        learner = Learner(self.config, root=self.settings.seed, use_gpu=self.use_gpu)
        state = self._state()
        self.reporter.phase(state.round if state else 0, "look again", folds)
        doubts = look_again(learner, self.folder, folds=folds, progress=self.reporter.step)
        docs = learner.labels.get(state.labelled) if state and learner.labels else []
        return doubt_tasks(self.folder, doubts[:k]), summarise(doubts, docs)

    def answer(self, answers: Iterable[Answer]) -> None:
        """Take answers in, all or none of them; they are on the disk when this returns.

        The next `step` learns from accepted sentences and, with a tagger that can, from rejected spans. Of several
        answers to a sentence the last one counts. Answers to questions of earlier rounds are welcome too, also when the
        run is over: the next `step` learns from them in a round of its own, which asks nothing.

        RAISES: ALError A509 for a run that has not begun or asks its own labels, A474 for an answer that does not fit
            what was asked or is no Answer, A539 when the folder is gone, A002 when it cannot be written.
        """
        state = self._asking()
        if isinstance(answers, (Answer, str)) or not isinstance(answers, Iterable):
            raise ALError(Errors.A477.format(found=type(answers).__name__))
        given = [self._plain(one) for one in answers]
        tasks, labels = self.folder.answered_tasks(given, state.round), self.labels
        checked: List[Answer] = []
        for one, task in zip(given, tasks):
            problem = answer_problem(one, task, labels)
            if problem or task is None:
                raise ALError(Errors.A474.format(path=self.folder.path, id=one.id, problem=problem))
            checked.append(one.to(task))
        self.folder.log.append(checked)

    def status(self) -> Status:
        """Where the run stands; raises ALError A510 when it has not begun, A539 when it is gone, A502 for damage."""
        self._state()
        return read_status(self.folder)

    # --- steps

    def step(self, *, go_on: bool = True) -> RunState:
        """Do what is due, to the end of the round: train, evaluate, score, select; begins the run if it is new.

        A run that is over learns from what has been answered since, if anything.

        go_on (bool): Whether people's answers that came meanwhile, however few, begin the next round at once.
        RETURNS (RunState): phase "waiting" (for people), "done", or "annotate" where a simulation has chosen its next
            questions.
        RAISES: ALError A504 while another process works on the run, and all that a user can mend: config, files.
        """
        people = self.settings.oracle == "people"
        wait = people and not go_on
        with deterministic(self.settings.deterministic):
            state = self._change(wait=wait)
            # In a simulation the round ends where its next questions are chosen; people have to be waited for.
            while state.phase in UNFINISHED or (people and state.phase == "annotate"):
                state = self._change(wait=wait)
        return state

    def prepare(self) -> None:
        """Load pool and models, so that the next step begins at once; raises as `step`."""
        with deterministic(self.settings.deterministic), locked(self.folder.lock):
            if self.engine is None:
                self._begin()

    def run(self) -> RunState:
        """Step after step until the run is done or waits for people, who find the last round's model in RUN/model."""
        try:
            state = self.step()
            while state.phase not in ("done", "waiting"):
                state = self.step()
            if state.phase == "waiting" and self.engine is not None and self.engine.learner.round is not None:
                write_folder(self.folder.model, self.engine.learner.nlp.to_disk)
        finally:
            self.close()
        return state

    def model(self, round_: int) -> Language:
        """The pipeline of a finished round: as `keep_models` kept it, else trained again to the same weights.

        RAISES: ALError A518 for a round that has no labels yet, A539 when the folder is gone.
        """
        state = self._state()
        kept = self.folder.round_model(round_)
        if kept.is_dir():
            return spacy.load(kept)
        if not self.folder.answers(round_).is_file():
            last = max((row["round"] for row in self.folder.read_metrics()), default=-1)
            raise ALError(Errors.A518.format(path=self.folder.path, rounds=[round_], last=last))
        learner = Learner(self.config, root=self.settings.seed, use_gpu=self.use_gpu)
        held = set(state.holdout) if state else set()
        ids = [id_ for id_ in learner.read_labels(self.folder, round_).learnt if id_ not in held]
        with deterministic(self.settings.deterministic):
            learner.ensure(self.folder, round_, ids, self.reporter)
        return learner.nlp

    def close(self) -> None:
        """Let loggers finish; the session can be used again."""
        if self.engine is not None:
            self.engine.close()

    def _plain(self, answer: Answer) -> Answer:
        """The answer as it will be read from the file; raises ALError A474 for one that could not be, A477 for none."""
        if not isinstance(answer, Answer):
            raise ALError(Errors.A477.format(found=f"list of {type(answer).__name__}"))
        with fitting(Errors.A474, path=self.folder.path, id=answer.id, problem="{reason}"):
            return Answer.from_row(answer.to_row())

    def _check_labels(self) -> None:
        """Raise ALError A300 where no label is declared, so that nobody could learn from answers; A304 as `labels`."""
        target = self.settings.target
        if not self.labels and "source" not in self.config["components"].get(target, {}):
            raise ALError(Errors.A300.format(name=target))

    def _asking(self) -> RunState:
        """The state of a run that takes answers; raises ALError A509 where none does, A539 when its folder is gone."""
        state = self._state()
        if state is None or self.settings.oracle != "people":
            raise ALError(Errors.A509.format(path=self.folder.path, oracle=self.settings.oracle, phase=_phase(state)))
        return state

    def _state(self) -> Optional[RunState]:
        """The state, None for a run that has not begun; raises ALError A539 when a run is gone, A502 for damage."""
        state = load_state(self.folder.state)
        if state is None and self.begun:
            raise ALError(Errors.A539.format(path=self.folder.path))
        self.begun = state is not None
        return state

    def _change(self, *, wait: bool = False) -> RunState:
        """One phase under the lock, from the state on the disk; raises ALError A539 when the folder is gone.

        wait (bool): Whether questions that have been chosen wait for people, whatever has been answered.
        """
        self._state()  # taking the lock would make a folder that is gone
        with locked(self.folder.lock):
            if self._is_another():
                self.close()
                self.engine = None
            state = self._begin() if self.engine is None else self._state()
            if state is None or self.engine is None:
                raise ALError(Errors.A502.format(path=self.folder.state, reason="it is missing"))
            if wait and state.phase == "annotate":
                state.phase = "waiting"
            else:
                self.engine.do(state)
            if not self.folder.config.is_file():
                raise ALError(Errors.A539.format(path=self.folder.path))  # what was written now lies in a new folder
            state.save(self.folder.state)
            return state

    def _is_another(self) -> bool:
        """Whether another process has begun the run anew since the engine was made, or goes on with other settings."""
        config = self.folder.config
        return self.engine is not None and config.is_file() and file_stamp(config) != self.made_for

    def _begin(self) -> RunState:
        """Make the engine; choose the first questions of a new run, or compare with the run that is there.

        RAISES: ALError A018 for a new run inside the files of another one, which would replace it, A538 for one that
            would replace files of others.
        """
        state = find_state(self.folder)
        if state is None:
            self.folder.check_free()
            if run := owner(self.folder.path):
                raise ALError(Errors.A018.format(path=self.folder.path, run=run))
        engine = Engine(self.config, self.folder, use_gpu=self.use_gpu, reporter=self.reporter)
        self.folder.sweep()
        fresh = engine.fresh_state()
        if state is None:
            self._keep_configs(engine)
            state = fresh
            engine.choose_seed(state)
            state.save(self.folder.state)
        elif self._goes_on_otherwise(engine, state, fresh):
            take_over(
                self.folder, state, fresh, set(engine.pool.index), self.settings.pool, rounds=self.settings.rounds
            )
            self._keep_configs(engine)
            if not state.round and not state.pending and state.phase == "annotate":
                engine.choose_seed(state)
            state.save(self.folder.state)
        check_declared(self.folder, state, self.labels)
        state.labels = self.labels
        self.engine, self.made_for, self.begun = engine, file_stamp(self.folder.config), True
        return state

    def _goes_on_otherwise(self, engine: Engine, state: RunState, fresh: RunState) -> bool:
        """Whether the run that is there goes on with other settings, or although a rule has stopped it."""
        changed = check_resume(
            self.folder, state, fresh, self.config, engine.judge.config, accept_changes=self.accept_changes
        )
        if changed and self.settings.holdout not in ("auto", 0) and not state.reserve:
            raise ALError(Errors.A730.format(path=self.folder.path))
        return changed or (self.accept_changes and state.stopped is not None)

    def _keep_configs(self, engine: Engine) -> None:
        if engine.judge.config is None:
            self.folder.successor_config.unlink(missing_ok=True)
        else:
            write_text(self.folder.successor_config, engine.judge.config.to_str())
        write_text(self.folder.config, self.config.to_str())


def check_declared(folder: RunFolder, state: RunState, labels: Sequence[str]) -> None:
    """Hold the entity types of what is labelled already against those declared now, before anybody labels more.

    Warns (W503) of types that are new: labelled sentences count as having none of them.
    RAISES: ALError A531 for a type of a labelled entity that is not declared any more.
    """
    known = Labels(folder, Vocab())
    for number in range(state.round + 1):
        if folder.answers(number).is_file():
            known.read(number)
    again = {answer.id for answer in folder.log.read(state.answers)}  # these replace what was said before
    old = [doc for id_, doc in known.docs.items() if id_ not in again]
    used = Counter(label for doc in old for label in {ent.label_ for ent in doc.ents})
    gone = sorted(set(used) - set(labels))
    if labels and gone:
        shown = ", ".join(labels)
        raise ALError(Errors.A531.format(path=folder.path, n=used[gone[0]], label=gone[0], labels=shown))
    new = [label for label in labels if state.labels and label not in state.labels]
    if new and old:
        message = Warnings.W503.format(path=folder.path, labels=", ".join(new), n=len(old))
        warnings.warn(message, stacklevel=2)


def _phase(state: Optional[RunState]) -> str:
    return "not started" if state is None else f"in round {state.round}, phase {state.phase}"


def run(
    config: Config,
    output: Path,
    *,
    use_gpu: int = -1,
    accept_changes: bool = False,
    reporter: Optional[Reporter] = None,
) -> RunState:
    """Start a run, or go on with the one in a folder, until it is done or waits for people.

    config (Config): A spaCy config with an [active_learning] block, not interpolated.
    output (Path): The run's folder.
    The other arguments, and errors, are those of `Session.open` and `Session.step`.
    """
    session = Session.open(output, config, use_gpu=use_gpu, accept_changes=accept_changes, reporter=reporter)
    return session.run()
