"""A training step with every architecture of transformers, beside a bare captured step of the same model.

Random weights in the base shape (12 layers of 768, or what an architecture calls so); speed does not depend on weights.
Batches of 16 sentences of a corpus, as in a training phase. Prints and writes one table.
"""

import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import spacy
import torch
import transformers
import typer
from spacy.language import Language
from spacy.training import Example
from thinc.api import Adam, require_gpu, set_gpu_allocator
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from spacy_al.corpus.reader import make_example, read_docs
from spacy_al.ml.constants import Constants
from spacy_al.ml.graph_inputs import WIDTHS, fitting
from spacy_al.ml.transformer import resolve_name
from spacy_al.ml.transformer_body import values_unseen

NAMED = (
    "bert distilbert electra roberta xlm-roberta camembert mpnet albert deberta deberta-v2 modernbert convbert xlnet "
    "squeezebert longformer xlm flaubert roformer funnel nystromformer mobilebert megatron-bert data2vec-text ernie "
    "esm big_bird rembert roberta-prelayernorm luke mra yoso nezha layoutlm bert-generation xmod ibert roc_bert "
    "splinter"
)
SHAPE = {
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
    "embedding_size": 768, "max_position_embeddings": 514, "vocab_size": 30522, "d_model": 768, "n_layer": 12,
    "n_head": 12, "d_inner": 3072, "dim": 768, "n_layers": 12, "n_heads": 12, "hidden_dim": 3072, "emb_dim": 768,
    "position_buckets": 256, "default_language": "en_XX", "q_groups": 4,
}  # fmt: skip
OWN = {"distilbert": {"n_layers": 6}, "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}}
OWN |= {"deberta": OWN["deberta-v2"], "modernbert": {"num_hidden_layers": 22, "intermediate_size": 1152}}
OWN |= {"albert": {"embedding_size": 128}, "squeezebert": {"embedding_size": 768}, "xlm": {"n_langs": 1}}
SPECIAL = ("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id")
ROWS = 16


def main(
    pool: Path = typer.Argument(..., help="Training corpus as .spacy"),
    tokenizer: str = typer.Option(..., help="Folder of a BERT tokenizer, or package:PACKAGE/FOLDER"),
    kinds: str = typer.Option(NAMED, help="Architectures, as transformers names them; +crf after one: with a CRF head"),
    steps: int = typer.Option(80, help="Steps to measure, after as many to warm up"),
    seconds: float = typer.Option(1e9, help="Begin no further architecture after so many"),
    gpu_id: int = typer.Option(0, help="GPU number"),
    output: Path = typer.Option(Path("bench_encoders.md"), help="Where the table is written"),
) -> None:
    """Measure milliseconds a training step: ours, a bare captured one, and ours without graphs."""
    set_gpu_allocator("pytorch")
    require_gpu(gpu_id)
    began, folder = time.perf_counter(), resolve_name(tokenizer)
    nlp = spacy.blank("en")
    examples = [make_example(doc) for doc in read_docs(pool, nlp.vocab)][: steps * ROWS]
    lines = [
        f"{torch.cuda.get_device_name()}, torch {torch.__version__}, transformers {transformers.__version__}", "",
        "| architecture | works | graphs | ms a step | bare | ratio | ms without graphs | in the way |",
        "|---|---|---|---:|---:|---:|---:|---|",
    ]  # fmt: skip
    for kind in kinds.split():
        if time.perf_counter() - began < seconds:
            lines.append(row(kind, folder, examples))
            typer.echo(lines[-1])
            output.write_text("\n".join(lines) + "\n")
    typer.echo("\n".join(lines))


def row(kind: str, tokenizer: str, examples: Sequence[Example]) -> str:
    """One line of the table; an architecture that fails says why."""
    name, _, head = kind.partition("+")
    try:
        with tempfile.TemporaryDirectory() as folder:
            save(name, tokenizer, folder)
            ours, graphs, reason = pipeline_step(folder, head, examples, graphs=True)
            plain, _, _ = pipeline_step(folder, head, examples[: 12 * ROWS], graphs=False)
            bare = None if head else bare_step(folder, examples)
    except Exception as error:  # whatever a model raises belongs in the table
        return f"| {kind} | no | | | | | | {type(error).__name__}: {(str(error).splitlines() or [''])[0][:160]} |"
    ratio, beside = ("", "") if bare is None else (f"{ours / bare:.2f}", f"{bare:.1f}")
    return f"| {kind} | yes | {graphs or 'no'} | {ours:.1f} | {beside} | {ratio} | {plain:.1f} | {reason[:200]} |"


def save(kind: str, tokenizer: str, folder: str) -> None:
    """A model of the base shape with random weights, and a tokenizer."""
    words = AutoTokenizer.from_pretrained(tokenizer, model_max_length=512)
    config = CONFIG_MAPPING[kind]()
    for key, value in {**SHAPE, **OWN.get(kind, {})}.items():
        if hasattr(config, key):
            setattr(config, key, value)
    for key in SPECIAL:
        if isinstance(getattr(config, key, None), int):
            setattr(config, key, words.pad_token_id)
    with torch.device("cuda"):
        AutoModel.from_config(config).save_pretrained(folder)
    words.save_pretrained(folder)


def make_pipeline(folder: str, head: str, *, graphs: bool) -> Language:
    """A tagger over the encoder in a folder."""
    encoder = {
        "@architectures": "spacy-al.TransformerEncoder.v1", "name": folder, "pooling": "first", "window": 0,
        "mixed_precision": True, "tokenizer_config": {"use_fast": True}, "transformer_config": {},
    }  # fmt: skip
    heads: Dict[str, Dict[str, Any]] = {
        "": {"@al_heads": "spacy-al.SoftmaxHead.v1", "dropout": 0.1},
        "crf": {"@al_heads": "spacy-al.CRFHead.v1", "dropout": 0.1, "constrained": True, "average": "sentences"},
    }
    model = {"@architectures": "spacy-al.SequenceTagger.v1", "encoder": encoder, "head": heads[head]}
    nlp = spacy.blank("en")
    nlp.add_pipe("sequence_tagger", config={"model": model | {"cuda_graphs": graphs}})
    return nlp


def pipeline_step(folder: str, head: str, examples: Sequence[Example], *, graphs: bool) -> Tuple[float, int, str]:
    """Milliseconds a step through `nlp.update`, graphs captured, and why there are none."""
    nlp = make_pipeline(folder, head, graphs=graphs)
    nlp.initialize(lambda: examples)
    optimizer = Adam(5e-5, L2=0.01, grad_clip=1.0, use_averages=False, L2_is_weight_decay=True)
    batches = [examples[start : start + ROWS] for start in range(0, len(examples) - ROWS + 1, ROWS)]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for batch in batches:
            nlp.update(batch, sgd=optimizer)
    torch.cuda.synchronize()
    start = time.perf_counter()
    for batch in batches:
        nlp.update(batch, sgd=optimizer)
    torch.cuda.synchronize()
    took = 1000 * (time.perf_counter() - start) / len(batches)
    training = nlp.get_pipe("sequence_tagger")._shim.training
    reasons = [str(one.message) for one in said if "[W22" in str(one.message)]
    return took, len(training.graphs.graphs) if training.graphs else 0, " ".join(reasons).replace("|", "/")


def bare_step(folder: str, examples: Sequence[Example]) -> Optional[float]:
    """Milliseconds a step of the same model in bare PyTorch, captured once for each width; None if it cannot be."""
    model = AutoModel.from_pretrained(folder).cuda().train()
    output = torch.nn.Linear(model.config.hidden_size, 9).cuda()
    words = [[token.text for token in eg.x] for eg in examples]
    rows = AutoTokenizer.from_pretrained(folder)(words, is_split_into_words=True)["input_ids"]
    steps = []
    for start in range(0, len(rows) - ROWS + 1, ROWS):
        some = rows[start : start + ROWS]
        shape = fitting((max(map(len, some)), WIDTHS))
        if shape is not None:
            steps.append(padded(some, *shape, model.config.pad_token_id or 0))
    try:
        graphs = capture_widths(model, output, sorted({ids.shape[1] for ids, _, _ in steps}))
    except RuntimeError:
        return None
    torch.cuda.synchronize()
    start_time = time.perf_counter()
    for tensors in steps:
        graph, inputs, _ = graphs[tensors[0].shape[1]]
        for target, tensor in zip(inputs, tensors):
            target.copy_(tensor, non_blocking=True)
        graph.replay()
    torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - start_time) / len(steps)


def padded(rows: Sequence[List[int]], width: int, padding: int) -> Tuple[torch.Tensor, ...]:
    """Ids, mask and tags of a batch."""
    ids = torch.full((len(rows), width), padding, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for number, row_ in enumerate(rows):
        ids[number, : len(row_)] = torch.tensor(row_)
        mask[number, : len(row_)] = 1
    return ids, mask, torch.randint(0, 9, ids.shape)


def capture_widths(model: PreTrainedModel, output: torch.nn.Module, widths: Sequence[int]) -> Dict[int, Any]:
    """A whole training step as one graph for each width."""
    parameters = [*model.parameters(), *output.parameters()]
    rate = torch.tensor(5e-5, device="cuda")
    optimizer = torch.optim.AdamW(parameters, rate, fused=True, capturable=True)

    def step(ids: torch.Tensor, mask: torch.Tensor, tags: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=False)
        with torch.autocast("cuda", dtype=torch.bfloat16, cache_enabled=False), values_unseen(model):
            logits = output(functional.dropout(model(input_ids=ids, attention_mask=mask)[0], 0.1))
        functional.cross_entropy(logits.float().flatten(0, 1), tags.flatten()).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    graphs, pool, side = {}, torch.cuda.graph_pool_handle(), torch.cuda.Stream()
    for width in widths:
        inputs = [torch.ones(ROWS, width, dtype=torch.long, device="cuda") for _ in range(3)]
        constants = Constants(torch.device("cuda"))
        with torch.cuda.stream(side):
            with constants.record():
                step(*inputs)
            with constants.replay():
                step(*inputs)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=pool), constants.replay():
            step(*inputs)
        graphs[width] = (graph, inputs, constants)  # a graph reads its constants: they live as long as it
    return graphs


if __name__ == "__main__":
    typer.run(main)
