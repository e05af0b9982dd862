"""Reading DocBins for training: predicted Docs with words, tags and id, and never with entities."""

import struct
from itertools import islice
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Union

import numpy
import srsly
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.vocab import Vocab
from srsly.msgpack import Packer

from ..bulk import make_docs
from ..errors import ALError, Errors
from ..types import pool_array

NOTHING = b"\xc0"  # None in msgpack


def create_corpus_reader(path: Path) -> Callable[[Language], Iterable[Example]]:
    """Registered as `spacy-al.Corpus.v1`: like spaCy's reader, but predicted Docs keep `tag_` and the id.

    path (Path): A .spacy file, or a folder of them.
    RETURNS (Callable[[Language], Iterable[Example]]): Reads the corpus when called.
    """

    def read(nlp: Language) -> Iterator[Example]:
        for doc in read_docs(path, nlp.vocab):
            yield make_example(doc)

    return read


def create_pool_reader(path: Path, limit: int) -> Callable[[Language], Iterable[Example]]:
    """Registered as `spacy-al.Pool.v1`: the first sentences of a pool, without labels on either side.

    Components are initialised with these, so that nothing can be learned from the pool's labels.

    path (Path): A .spacy file, or a folder of them.
    limit (int): Most sentences to read; 0 reads all.
    RETURNS (Callable[[Language], Iterable[Example]]): Reads the pool when called.
    """

    def read(nlp: Language) -> Iterator[Example]:
        for doc in islice(read_docs(path, nlp.vocab), limit or None):
            bare = without_labels(doc)
            yield Example(bare, without_labels(doc))

    return read


def read_docs(path: Union[str, Path], vocab: Vocab) -> Iterator[Doc]:
    """Yield the Docs of a .spacy file, or of all such files in a folder in order of name.

    RAISES: ALError A003 when there is no such file, A130 when a file is not a DocBin.
    """
    path = Path(path)
    if not path.exists():
        raise ALError(Errors.A003.format(path=path, cure="Make it with `python -m spacy al convert`."))
    for file_ in sorted(path.rglob("*.spacy")) if path.is_dir() else [path]:
        try:
            docs = DocBin(store_user_data=True).from_bytes(file_.read_bytes())
            user_data = unpack_user_data(docs.user_data)
        except Exception as error:  # zlib, msgpack and DocBin each raise their own
            raise ALError(Errors.A130.format(path=file_, reason=error)) from error
        docs.user_data = []
        for doc, values in zip(docs.get_docs(vocab), user_data):
            doc.user_data.update(values or {})
            yield doc


def unpack_user_data(user_data: Sequence[Optional[bytes]]) -> List[Optional[Dict[Any, Any]]]:
    """The user data of each sentence of a DocBin; None where there is none.

    srsly looks through all installed packages at every call, which takes 0.7 ms: as one array of msgpack maps the
    data of all sentences are one call.
    """
    items = [NOTHING if packed is None else packed for packed in user_data]
    message = b"\xdd" + struct.pack(">I", len(items)) + b"".join(items)
    return list(srsly.msgpack_loads(message, use_list=False))


def make_example(doc: Doc) -> Example:
    """An Example whose predicted side has no entities."""
    return Example(without_labels(doc), doc)


def without_labels(doc: Doc) -> Doc:
    """A new Doc with the words, spaces, part-of-speech tags and plain user data of another; no annotation else."""
    rows = pool_array(doc)
    (bare,) = make_docs(doc.vocab, rows[:, 0], rows[:, 1].astype(bool), rows[:, 2], numpy.array([len(doc)]))
    bare.user_data.update({key: value for key, value in doc.user_data.items() if isinstance(key, str)})
    return bare


def write_docs(docs: Iterable[Doc]) -> bytes:
    """A DocBin of Docs with their user data, as bytes."""
    docbin = DocBin(attrs=["ORTH", "SPACY", "TAG", "ENT_IOB", "ENT_TYPE"])
    # One packer for all of them, for the same reason as in `unpack_user_data`; the bytes are those of DocBin's own.
    packer = Packer(use_bin_type=True)
    for doc in docs:
        docbin.add(doc)
        docbin.user_data.append(packer.pack(doc.user_data))
    docbin.store_user_data = True
    return docbin.to_bytes()
