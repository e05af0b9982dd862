"""What becomes of bad input: an error with its place, or a repair that is counted and shown."""

from collections import Counter
from pathlib import Path
from typing import Dict

from ..errors import ALError, Errors

ON_ERROR = ("fail", "warn")

# What is done about each kind of problem with `--on-error warn`, as the table of `convert` names it.
REPAIRED: Dict[str, str] = {
    "bytes": "lines that are not UTF-8: U+FFFD put in",
    "columns": "lines with a wrong number of columns: word kept, its entity tag missing",
    "word": "lines without a word: left out",
    "tag": "tags that cannot be read: missing there, not O",
    "sequence": "sentences that break the tag scheme: read as conlleval reads them",
    "brackets": "brackets of entities that do not match: closed at the sentence's end, or ignored",
    "end": "files that end inside a document: kept so far",
    "empty": "files without text: left out",
    "record": "records that cannot be read: left out",
    "borders": "spans off token borders: widened to whole tokens",
    "pieces": "entities in several pieces: taken from the first to the last",
    "overlap": "spans that overlap a longer one: left out",
}
# What is no error but must not pass unseen either.
NOTED: Dict[str, str] = {
    "b_in_iob1": "sentences with B- where IOB1 writes I-, or E- where IOE1 does: read as the start or end of an entity",
    "answer": "records answered reject or ignore: entities missing, not O",
    "rejected": "spans rejected in a yes or no: left out, entities missing (`al ingest` keeps them, for a CRF head)",
    "binary": "records with a yes or no about one span: entities missing outside it",
    "no_text": "documents without text: nothing to keep",
    "comment": "lines that begin with # at the start of a sentence: comments, left out",
    "names": "names of columns in capitals or with spaces around: read as the names that are known",
    "header": "first row has the names of columns: left out",
    "counting": "first column counts tokens: left out (--word-column 0 to read it as words)",
    "contraction": "rows of contractions and empty nodes (1-2, 1.1): left out, their words have tags of their own",
    "second": "records with a second list of entity tags: only the first is read (--spans-field names another)",
    "nested": "tokens with a second entity tag (nested): only the first column of tags is read (--tag-column)",
    "edges": "spans with white space at an edge: trimmed",
    "marks": "spans that end with a punctuation mark, such as a full stop: kept as marked",
    "copies": "spans given twice: counted once",
    "other_results": "annotations that are not entities (relations, choices, a label of a whole text): left out",
    "utf16": "spans counted in UTF-16 units: corrected",
    "unanswered": "records that nobody has answered, as far as is known: missing, not O (--untouched)",
    "pt": "files or documents of the section pt: left out",
}


class Repairs:
    """Decides between failing and repairing, and counts what was repaired or noted."""

    def __init__(self, on_error: str = "fail", encoding: str = "utf8") -> None:
        """
        on_error (str): "fail" raises at the first problem; "warn" repairs, counts and goes on.
        encoding (str): How text files are written; of those in which a line end is the byte of ASCII.
        RAISES: ALError A104 for another word or encoding.
        """
        try:
            lines = "\n".encode(encoding) == b"\n" and b"\n".decode(encoding) == "\n"
        except (LookupError, UnicodeError):
            lines = False
        if not lines:
            raise ALError(Errors.A104.format(option="--encoding", value=encoding, known="utf8, latin-1, cp1252, ..."))
        self.encoding = encoding
        if on_error not in ON_ERROR:
            raise ALError(Errors.A104.format(option="--on-error", value=on_error, known=", ".join(ON_ERROR)))
        self.on_error = on_error
        self.counts: Counter[str] = Counter()
        self.first: Dict[str, str] = {}
        self.unread: Counter[str] = Counter()  # keys or columns of records in which no entities were found

    def problem(self, kind: str, message: str, *, path: Path, line: int, **values: object) -> None:
        """Raise ALError with the message if problems are to fail, else count a repair.

        kind (str): A key of REPAIRED.
        message (str): One of `Errors`. values (object): What it names beside path and line.
        path (Path): The file. line (int): The line, from 1.
        """
        self.refuse(message.format(path=path, line=line, **values), path=path, line=line, kind=kind)

    def refuse(self, error: object, *, path: Path, line: int, kind: str = "record") -> None:
        """The same for an error that is whole: a record that cannot be read, unless `kind` says otherwise."""
        if self.on_error == "fail":
            raise ALError(str(error))
        self._count(kind, REPAIRED, path, line)

    def note(self, kind: str, *, path: Path, line: int) -> None:
        """Count something that is no error; `kind` is a key of NOTED."""
        self._count(kind, NOTED, path, line)

    def _count(self, kind: str, known: Dict[str, str], path: Path, line: int) -> None:
        what = known[kind]
        self.counts[what] += 1
        self.first.setdefault(what, f"{path}:{line}")
