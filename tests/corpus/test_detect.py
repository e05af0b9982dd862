"""Telling formats apart."""

import pytest
from spacy.tokens import DocBin

from spacy_al.corpus.detect import check_text, detect_format
from spacy_al.errors import ALError

FILES = {
    "eng.train": ("-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nsaid VBD I-VP O\n", "conll"),
    "corpus.txt": ("EU B-ORG\nsaid O\n", "conll"),
    "small.txt": ("EU b-org\nsaid o\n", "conll"),
    "bar.txt": ("text|label\nEU said|ORG\n", "csv"),
    "damaged.txt": ("EU B-ORG\nsaid\nno\nRome B-LOC\nyes O\n", "conll"),
    "bioes.tsv": ("EU\tS-ORG\r\nsaid\tO\r\n", "conll"),
    "a.v4_gold_conll": ("#begin document (a); part 000\n", "ontonotes"),
    "tasks.jsonl": ('{"text": "a"}\n', "jsonl"),
    "tasks": ('\ufeff\n{"text": "a"}\n', "jsonl"),
    "broken.jsonl": ("nothing\n", "jsonl"),
    "pool.CSV": ("id,text\n", "csv"),
    "words.tsv": ("Sentence #\tWord\tTag\n1\tEU\tB-ORG\n\tsaid\tO\n", "csv"),
    "labels.tsv": ("text\tlabel\nEU said\tORG\n", "csv"),
    "capitals.tsv": ("Text\tEntities\nEU said\t[]\n", "csv"),
    "labels.txt": ("id;text;labels\n1;EU said;ORG\n", "csv"),
    "ends.txt": ("One; two; OK\nthree; four\n", "txt"),
    "one.txt": ("The I/O of B-12 or A/B\nAnd/or <b>\n[1 see there]\n", "txt"),
    "names.txt": ("Ana B-Person\nSmith I-Person\n", "conll"),
    "words.txt": ("Send us an e-mail\nHe left by U-Bahn\nThey drive on I-95\n", "txt"),
    "line.txt": ("The S-Bahn and the e-mail are late.\n", "txt"),
    "article.txt": ("o sol nasce\no mar dorme\nO vento sopra aqui\n", "txt"),
    "wiki.txt": ("{{Infobox}}\nSee [Rome](https://example.org).\n", "txt"),
    "states.txt": ("He left Boston, USA\nHe came to Leeds, UK\n", "txt"),
    "pool.txt": ("It ended in a draw: O\nA second line.\n" + "Plain text.\n" * 20, "txt"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_recognised(write, name):
    content, expected = FILES[name]
    assert detect_format(write(name, content)) == expected


UNSURE = {
    "few.txt": "EU B-ORG\nsaid\nno more\n",
    "notes.md": "Plain text.\n",
    "table.tsv": "id\ttext\n1\tPlain text.\n",
}


LABELLED = {
    "tag-first.txt": ("B-ORG EU\nO said\n", "column 0.*--tag-column 0"),
    "with-score.txt": ("EU B-ORG 0.9\nsaid O 0.8\n", "column 1.*--tag-column 1"),
    "ends-tab.tsv": ("EU said\tORG\nIt rose\tLOC\n", "ends with a label .LOC. after a tab.*text and label"),
    "ends-semi.txt": ("EU said;ORG\nIt rose;LOC\n", "ends with a label .LOC. after a semicolon.*text and label"),
    "ends-bar.txt": ("EU said|ORG\nIt rose|LOC\n", "ends with a label .LOC. after a |.*text and label"),
    "ends-words.tsv": ("EU\tORG\nsaid\tO\nOslo\tLOC\n", "--format conll --scheme IO"),
    "small-marks.txt": ("Go to <loc>Rome</loc> now\n", "'<loc>Rome</'.*marked entity"),
    "attributes.txt": ('Go to <PER id="1">Ana</PER> now\n', "marked entity"),
    "semicolons.txt": ("EU;B-ORG\nsaid;O\n", "'EU;B-ORG'.*word and its tag"),
    "commas.txt": ("EU,B-ORG\nsaid,O\n", "'EU,B-ORG'.*word and its tag"),
    "bars.txt": ("EU|NNP|I-ORG said|VBD|O\n", "EU.*word and its tag"),
    "slashes.txt": ("Plain.\nEU/ORGANIZATION said/O\n", "'EU/ORGANIZATION'.*word and its tag"),
    "opennlp.txt": ("<START:org> EU <END> said .\n", "<START:org> EU <END>"),
    "capitals.txt": ("Satz;Label\nAna is in Rome;PER\nShe went home;O\n", "ends with a label .O. after a semicolon"),
    "brackets.txt": ("[ORG EU ] said\n", r"\[ORG EU \]"),
}


def test_a_folder_of_texts_holds_no_labels(write, tmp_path):
    write("d/a.txt", "Plain.\n")
    assert detect_format(tmp_path / "d") == "txt"
    write("d/b.txt", "EU B-ORG\nsaid O\n")
    with pytest.raises(ALError, match="A115.*d: .*b.txt seems to be of the format conll"):
        detect_format(tmp_path / "d")


@pytest.mark.parametrize("name", LABELLED)
def test_labels_are_not_taken_for_text(write, name):
    content, said = LABELLED[name]
    with pytest.raises(ALError, match=rf"A115.*{name}.*{said}"):
        detect_format(write(name, content))


@pytest.mark.parametrize("name", UNSURE)
def test_a_file_that_fits_no_format_is_asked_about(write, name):
    with pytest.raises(ALError, match=rf"A115.*{name}.*% of its first lines.*--format.*conll: .*csv: "):
        detect_format(write(name, UNSURE[name]))


def test_broken_bytes_are_left_to_the_reader(write):
    assert detect_format(write("f", b"M\xfcller B-PER\nsaid O\n")) == "conll"


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["a/b.v4_gold_conll", "c.txt"], "ontonotes"), (["a.txt", "b/c.TXT", ".git/x"], "txt")],
)
def test_a_folder_is_recognised(write, tmp_path, names, expected):
    for name in names:
        write(f"tree/{name}", "text")
    assert detect_format(tmp_path / "tree") == expected


def test_a_mixed_folder_is_asked_about(write, tmp_path):
    write("tree/a.txt", "text")
    write("tree/b.md", "text")
    with pytest.raises(ALError, match=r"A115.*a folder with files \.md, \.txt"):
        detect_format(tmp_path / "tree")


def test_an_empty_file_is_named(write):
    with pytest.raises(ALError, match=r"A110.*empty\.txt"):
        detect_format(write("empty.txt", "\n"))


@pytest.mark.parametrize("name", ["train.py", "train.json"])
@pytest.mark.parametrize("begin", ["TRAIN_DATA = [\n", "[", "[\n"])
def test_training_data_in_python_is_told_to_become_json(write, name, begin):
    with pytest.raises(ALError, match=r"A138.*Python code.*json.dump"):
        detect_format(write(name, begin + '("EU said", {"entities": [(0, 2, "ORG")]}),\n]\n'))


def test_a_file_of_zeros_is_named_as_such(write):
    with pytest.raises(ALError, match="A138.*zeros.*Restore"):
        check_text(write("a.txt", b"\0" * 64))


def test_a_docbin_needs_no_converting(write):
    with pytest.raises(ALError, match="A138.*a DocBin.*no converting"):
        check_text(write("a.spacy", DocBin().to_bytes()))
