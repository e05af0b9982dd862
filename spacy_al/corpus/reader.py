"""Reading DocBins for training: predicted Docs with words, tags and id, and never with entities."""

from itertools import islice
from pathlib import Path
from typing import Callable, Iterable, Iterator, List, Union

from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.vocab import Vocab

from ..errors import ALError, Errors


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
        except Exception as error:  # zlib, msgpack and DocBin each raise their own
            raise ALError(Errors.A130.format(path=file_, reason=error)) from error
        yield from docs.get_docs(vocab)


def make_example(doc: Doc) -> Example:
    """An Example whose predicted side has no entities."""
    return Example(without_labels(doc), doc)


def without_labels(doc: Doc) -> Doc:
    """A new Doc with the words, spaces, part-of-speech tags and plain user data of another; no annotation else."""
    words = [token.text for token in doc]
    spaces = [bool(token.whitespace_) for token in doc]
    tags = [token.tag_ for token in doc] if doc.has_annotation("TAG") else None
    bare = Doc(doc.vocab, words=words, spaces=spaces, tags=tags)
    bare.user_data.update({key: value for key, value in doc.user_data.items() if isinstance(key, str)})
    return bare


def write_docs(docs: Iterable[Doc]) -> bytes:
    """A DocBin of Docs with their user data, as bytes."""
    stored: List[Doc] = list(docs)
    return DocBin(attrs=["ORTH", "SPACY", "TAG", "ENT_IOB", "ENT_TYPE"], docs=stored, store_user_data=True).to_bytes()
