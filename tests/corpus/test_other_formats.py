"""Formats that other tools and archives give: CoNLL-U, WebAnno TSV, brat, UIMA CAS, Hugging Face data sets."""

import json
import re

import pytest
from spacy.vocab import Vocab

from spacy_al.corpus.annotation.chunks import read_file
from spacy_al.corpus.conversion import Options, convert, find_format, read_corpus
from spacy_al.corpus.json_corpus import Rules
from spacy_al.corpus.reader import read_docs
from spacy_al.corpus.repairs import Repairs
from spacy_al.errors import ALError

CONLLU = """# newdoc id = d1
# text = Ana Lee left Oslo.
1\tAna\tAna\tPROPN\tNNP\t_\t3\tnsubj\t_\tname=B-PER
2\tLee\tLee\tPROPN\tNNP\t_\t1\tflat\t_\tname=I-PER
3\tleft\tleave\tVERB\tVBD\t_\t0\troot\t_\tname=O
4-5\tOslo.\t_\t_\t_\t_\t_\t_\t_\t_
4\tOslo\tOslo\tPROPN\tNNP\t_\t3\tobj\t_\tname=B-LOC|SpaceAfter=No
5\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\tname=O
"""
WEBANNO = """#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value


#Text=Ana Lee left Oslo.
1-1\t0-3\tAna\tNNP\t*[1]\tPER[1]\t
1-2\t4-7\tLee\tNNP\t*[1]\tPER[1]\t
1-3\t8-12\tleft\tVBD\t_\t_\t
1-4\t13-17\tOslo\tNNP\t*\tLOC\t
1-5\t17-18\t.\t.\t_\t_\t

#Text=Bo\\_x met Al.
2-1\t19-23\tBo\\_x\tNNP\t*\tB\\_x\t
2-2\t24-27\tmet\tVBD\t_\t_\t
2-3\t28-30\tAl\tNNP\t*\tPER\t
2-4\t30-31\t.\t.\t_\t_\t
"""
SPANS = [(0, 2, "PER"), (3, 4, "LOC")]


@pytest.fixture
def read(nlp):
    def read_(path, repairs=None, **rules):
        options = Options(rules=Rules(**rules))
        return list(read_corpus(path, find_format(path, "auto"), options, repairs or Repairs(), nlp=nlp))

    return read_


def test_conllu_has_entities_in_its_last_column(write, read):
    repairs = Repairs()
    (sentence,) = read(write("f.conllu", CONLLU), repairs)
    assert (sentence.words, sentence.spans) == (["Ana", "Lee", "left", "Oslo", "."], SPANS)
    assert (sentence.document, sentence.spaces[-2], sentence.pos[0]) == ("d1", False, "NNP")
    assert [("contractions" in what, count) for what, count in repairs.counts.items()] == [(True, 1)]


def test_conllu_with_tags_under_another_key_is_refused(write, read):
    path = write("f.conllu", CONLLU.replace("name=", "Gold="))
    with pytest.raises(ALError, match="A136.*f.conllu:1: 'Gold' .*--spans-field Gold"):
        read(path)
    assert read(path, spans_field="Gold")[0].spans == SPANS


PLACES = [("\t_\t3\tnsubj\t_\tname=B-PER", "\t_\t3\tnsubj\t_\tB-PER")]
PLACES += [(PLACES[0][0], "\t_\t3\tnsubj\tB-PER\t_"), (PLACES[0][0], "\tNER=B-PER\t3\tnsubj\t_\t_")]


@pytest.mark.parametrize(("old", "new"), PLACES)
def test_conllu_with_tags_elsewhere_is_refused(write, read, old, new):
    first = CONLLU.replace(old, new).replace("name=", "x=").replace("=B-LOC", "=1").replace("=I-PER", "=1")
    with pytest.raises(ALError, match="A136.*f.conllu:1.*B-PER.*Ana"):
        read(write("f.conllu", first))


def test_conllu_without_entities_is_unlabelled_and_a_bad_row_refused(write, read):
    bare = re.sub(r"name=[^|\n]*", "Gloss=x", CONLLU)
    assert read(write("f.conllu", bare))[0].spans is None
    with pytest.raises(ALError, match="A136.*g.conllu:1"):
        read(write("g.conllu", "1\tAna\n"))


def test_webanno_tsv(write, read):
    first, second = read(write("f.tsv", WEBANNO))
    assert (first.words, first.spans) == (["Ana", "Lee", "left", "Oslo", "."], SPANS)
    assert (second.words, second.spans) == (["Bo_x", "met", "Al", "."], [(0, 1, "B_x"), (2, 3, "PER")])
    assert first.spaces == [True, True, True, False, False]


def test_webanno_neighbours_without_a_number_are_two(write, read):
    (first, _) = read(write("f.tsv", WEBANNO.replace("*[1]", "*").replace("PER[1]", "PER")))
    assert first.spans == [(0, 1, "PER"), (1, 2, "PER"), (3, 4, "LOC")]


def test_webanno_without_a_layer_of_names_asks_which(write, read):
    path = write("f.tsv", WEBANNO.replace("ner.type.NamedEntity", "x.Mine"))
    with pytest.raises(ALError, match=r"A136.*--spans-field.*Mine\|value"):
        read(path)
    assert read(path, spans_field="Mine|value")[0].spans == SPANS


def test_webanno_rows_that_are_none_are_refused(write, read):
    with pytest.raises(ALError, match="A136.*f.tsv:9"):
        read(write("f.tsv", WEBANNO.replace("1-3\t8-12", "oops")))
    with pytest.raises(ALError, match="A136.*f.tsv:12.*part of a token"):
        read(write("f.tsv", WEBANNO.replace("\n#Text=Bo", "1-5.1\t17-18\t.\t_\t_\tX\n\n#Text=Bo", 1)))


def test_webanno_with_entities_in_another_layer_alone_asks(write, read):
    rows = "#Text=Ana left\n1-1\t0-3\tAna\tPER\t_\t\n1-2\t4-8\tleft\t_\t_\t\n"
    path = write(
        "f.tsv", "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.Own|kind\n#T_SP=x.NamedEntity|value\n\n\n" + rows
    )
    with pytest.raises(ALError, match=r"A136.*f.tsv:7.*Own\|kind.*--spans-field"):
        read(path)
    assert [read(path, spans_field=f)[0].spans for f in ("Own|kind", "NamedEntity|value")] == [[(0, 1, "PER")], []]


def test_brat_standoff(write, read, tmp_path):
    repairs = Repairs()
    write("b/a.txt", "Ana Lee left Oslo.\nShe is well.\n")
    write("b/a.ann", "T1\tPER 0 7\tAna Lee\nT2\tLOC 13 17\tOslo\nR1\tx Arg1:T1 Arg2:T2\n#1\tNote T1\thm\n")
    write("b/c.txt", "No notes.\n")
    sentences = read(tmp_path / "b", repairs)
    assert [one.spans for one in sentences] == [SPANS, [], None]
    assert [one.document for one in sentences] == ["a", "a", "c"]
    assert [("not entities" in what, count) for what, count in repairs.counts.items()] == [(True, 2)]


def test_brat_counts_a_byte_order_mark(write, read, tmp_path):
    write("b/a.txt", "\ufeffAna Lee left Oslo.\n")
    write("b/a.ann", "T1\tPER 1 8\tAna Lee\nT2\tLOC 14 18\n")
    assert [(one.words[0], one.spans) for one in read(tmp_path / "b")] == [("Ana", SPANS)]


@pytest.mark.parametrize("line", ["T1\tPER 0 3\tBob", "T1 PER 0 3", "X\tPER 0 3\tAna", "T1\tPER a b\tAna"])
def test_brat_lines_that_cannot_be_read_are_refused(write, read, tmp_path, line):
    write("b/a.txt", "Ana Lee left Oslo.\n")
    write("b/a.ann", f"T2\tLOC 13 17\tOslo\n{line}\n")
    with pytest.raises(ALError, match="A136.*a.ann:2"):
        read(tmp_path / "b")
    repairs = Repairs("warn")
    assert read(tmp_path / "b", repairs)[0].spans == [(3, 4, "LOC")]
    assert sum(repairs.counts.values()) == 1


def test_brat_entities_in_pieces_are_refused_or_counted_never_o(write, read, tmp_path):
    write("b/a.txt", "Ana Lee left Oslo.\n")
    write("b/a.ann", "T1\tPER 0 3;8 12\tAna left\n")
    with pytest.raises(ALError, match="A136.*a.ann:1.*T1 is in several pieces.*warn"):
        read(tmp_path / "b")
    repairs = Repairs("warn")
    assert read(tmp_path / "b", repairs)[0].spans == [(0, 3, "PER")]
    assert sum(repairs.counts.values()) == 1


def test_a_folder_without_notes_is_no_brat(write, nlp, tmp_path):
    write("d/a.txt", "Ana left")
    write("d/a.a1", "T1\tPER 0 3\tAna\n")
    with pytest.raises(ALError, match="A136.*d:1: no file in this folder ends in .ann"):
        list(read_corpus(tmp_path / "d", "brat", Options(), Repairs(), nlp=nlp))


def test_brat_notes_without_a_text_are_refused(write, read, tmp_path):
    write("b/a.txt", "Ana\n")
    write("b/z.ann", "T1\tPER 0 3\tAna\n")
    with pytest.raises(ALError, match=r"A003.*z\.txt"):
        read(tmp_path / "b")


@pytest.mark.parametrize("suffix", ["xmi", "json"])
def test_uima_cas(read, tmp_path, suffix):
    cassis = pytest.importorskip("cassis")
    types = cassis.load_dkpro_core_typesystem()
    cas = cassis.Cas(types)
    cas.sofa_string, cas.sofa_mime = "😀 Ana Lee left Oslo. She is well.", "text/plain"
    core = "de.tudarmstadt.ukp.dkpro.core.api."
    words = cas.sofa_string.replace(".", " .").split()
    place = 0
    for word in words:
        place = cas.sofa_string.index(word, place)
        cas.add(types.get_type(core + "segmentation.type.Token")(begin=place, end=place + len(word)))
        place += len(word)
    for start, end in ((0, 20), (21, 33)):
        cas.add(types.get_type(core + "segmentation.type.Sentence")(begin=start, end=end))
    for start, end, label in ((2, 9, "PER"), (15, 19, "LOC")):
        cas.add(types.get_type(core + "ner.type.NamedEntity")(begin=start, end=end, value=label))
    (tmp_path / "TypeSystem.xml").write_text(types.to_xml())
    path = tmp_path / f"a.{suffix}"
    cas.to_xmi(path) if suffix == "xmi" else cas.to_json(path)
    first, second = read(path)
    assert (first.words, first.spans) == (words[:6], [(1, 3, "PER"), (4, 5, "LOC")])
    assert (second.words, second.spans, second.document) == (words[6:], [], "a")


def test_a_damaged_cas_is_refused(write, read):
    pytest.importorskip("cassis")
    with pytest.raises(ALError, match=r"A136.*a\.xmi"):
        read(write("a.xmi", "<x"))


@pytest.mark.parametrize("form", ["folder", "parquet"])
@pytest.mark.parametrize("numbers", [True, False])
def test_hugging_face_data_sets(read, tmp_path, form, numbers):
    datasets = pytest.importorskip("datasets")
    names = ["O", "B-PER", "I-PER", "B-LOC"]
    tags = [1, 2, 0, 3, 0] if numbers else [names[n] for n in (1, 2, 0, 3, 0)]
    kind = datasets.ClassLabel(names=names) if numbers else datasets.Value("string")
    features = datasets.Features(
        {"tokens": datasets.Sequence(datasets.Value("string")), "ner_tags": datasets.Sequence(kind)}
    )
    rows = datasets.Dataset.from_dict({"tokens": [["Ana", "Lee", "left", "Oslo", "."]], "ner_tags": [tags]}, features)
    path = tmp_path / ("set" if form == "folder" else "set.parquet")
    rows.save_to_disk(path) if form == "folder" else rows.to_parquet(path)
    assert read(path)[0].spans == SPANS


def test_bare_names_of_a_data_set_are_refused_and_can_be_given(read, tmp_path):
    datasets = pytest.importorskip("datasets")
    tags = datasets.Sequence(datasets.ClassLabel(names=["O", "art", "person"]))
    features = datasets.Features({"tokens": datasets.Sequence(datasets.Value("string")), "ner_tags": tags})
    rows = datasets.Dataset.from_dict({"tokens": [["Ana", "Lee", "left"]], "ner_tags": [[2, 2, 0]]}, features)
    rows.to_parquet(tmp_path / "f.parquet")
    with pytest.raises(ALError, match="A007.*f.parquet:1.*'person' in 'ner_tags'.*--tag-names"):
        read(tmp_path / "f.parquet")
    assert read(tmp_path / "f.parquet", tag_names="O,I-art,I-person")[0].spans == [(0, 2, "person")]


def test_a_set_of_splits_asks_which(read, tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = datasets.Dataset.from_dict({"tokens": [["a"]], "ner_tags": [["O"]]})
    datasets.DatasetDict(train=rows, test=rows).save_to_disk(tmp_path / "set")
    with pytest.raises(ALError, match="A136.*test, train"):
        read(tmp_path / "set")
    assert read(tmp_path / "set" / "train")[0].spans == []


@pytest.mark.parametrize(("name", "module", "extra"), [("f.conllu", "conllu", "conllu"), ("f.xmi", "cassis", "uima")])
def test_a_package_that_is_not_there_is_named_with_its_extra(write, read, monkeypatch, name, module, extra):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(ALError, match=rf"A137.*{module}.*spacy_al\[{extra}\]"):
        read(write(name, CONLLU))


HIDDEN = {
    "named_entities": [{"text": "Ana", "type": "PER"}],
    "projects": {"p": {"labels": [{"objects": [{"name": "PER", "location": {"start": 0, "end": 3}}]}]}},
    "entities.responses": [[{"start": 0, "end": 3, "label": "PER"}]],
    "result": [{"spans": [{"start": 0, "end": 3, "label": "PER"}]}],
}


@pytest.mark.parametrize("key", HIDDEN)
def test_entities_further_down_or_without_places_are_refused_by_their_key(key, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"text": "Ana met Bo", key: HIDDEN[key]}))
    with pytest.raises(ALError, match=rf"in.jsonl:1.*'{key}' seems to hold entities"):
        convert(path, tmp_path / "out.spacy")


@pytest.mark.parametrize("key", ["meta", "sents", "result"])
def test_places_without_labels_are_no_entities(key, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"text": "Ana met Bo", key: [{"start": 0, "end": 10}], "page": {"from": 1, "to": 2}}))
    assert convert(path, tmp_path / "out.spacy").labels == []


NAMED = [
    {"entity_group": "PER", "score": 0.9, "word": "Ana", "start": 0, "end": 3},
    {"type": "PER", "begin": 0, "end": 3},
    {"type": "PER", "start_char": 0, "end_char": 3, "text": "Ana"},
    {"tag": "PER", "startOffset": 0, "endOffset": 3},
]


@pytest.mark.parametrize("span", NAMED)
def test_the_names_that_other_tools_give_to_places_and_labels(span, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"text": "Ana met Bo", "entities": [span]}))
    convert(path, tmp_path / "out.spacy")
    (doc,) = read_docs(tmp_path / "out.spacy", Vocab())
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Ana", "PER")]


@pytest.mark.parametrize(("cell", "names"), [("B-PER,O,B-LOC", ["Ana", "Rome"]), ("B-PER, I-PER", None)])
def test_tags_with_commas_between_in_a_table(cell, names, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text(f'text,labels\nAna left Rome,"{cell}"\n')
    if names is None:
        with pytest.raises(ALError, match="A135.*in.csv:2.*labels"):
            convert(path, tmp_path / "out.spacy")
        return
    convert(path, tmp_path / "out.spacy")
    (doc,) = read_docs(tmp_path / "out.spacy", Vocab())
    assert [ent.text for ent in doc.ents] == names


@pytest.mark.parametrize("name", ["in.conll", "in.jsonl", "in.csv"])
def test_utf16_is_named_as_such(name, tmp_path):
    (tmp_path / name).write_bytes("Ana B-PER\nmet O\n".encode("utf-16"))
    with pytest.raises(ALError, match="A522.*iconv -f utf-16"):
        convert(tmp_path / name, tmp_path / "out.spacy")
    with pytest.raises(ALError, match="A522"):
        convert(tmp_path / name, tmp_path / "out.spacy", Options(format=name[3:]))
    with pytest.raises(ALError, match="A522"):
        read_file(tmp_path / name)


def test_rejected_spans_are_told_once(tmp_path):
    path = tmp_path / "in.jsonl"
    span = {"start": 0, "end": 3, "label": "LOC"}
    path.write_text(json.dumps({"text": "Ana met Bo", "spans": [span], "answer": "reject", "_view_id": "ner"}))
    (said,) = convert(path, tmp_path / "out.spacy").repairs.counts
    assert said.startswith("spans rejected in a yes or no")


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ("text,label,label\nAna left,\"[[0, 3, 'PER']]\",\n", "A120.*in.csv:1: two columns.*'label'"),
        ("text,labels\nAna left,PER O\n", "A135.*in.csv:2.*labels"),
        ("text,entity,kind\nAna left,Ana,PER\n", "A135.*in.csv:2.*entity"),
    ],
)
def test_columns_that_would_lose_labels_are_refused(table, match, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text(table)
    with pytest.raises(ALError, match=match):
        convert(path, tmp_path / "out.spacy")


def test_webanno_with_entities_in_two_layers_tells_of_the_one_that_is_left_out(write, nlp):
    head = "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.Own|kind\n#T_SP=x.NamedEntity|value\n\n\n"
    path, repairs = write("f.tsv", head + "#Text=Ana\n1-1\t0-3\tAna\tPER\tORG\t\n"), Repairs()
    assert [one.spans for one in read_corpus(path, "webanno", Options(), repairs, nlp=nlp)] == [[(0, 1, "ORG")]]
    assert list(repairs.first.values()) == [f"{path}:7"]
