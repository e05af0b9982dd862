"""A scripted annotator: turns exported files into answered ones as each tool would, without our importers."""

import json

from spacy.tokens import DocBin
from spacy.vocab import Vocab

VERDICT = {"accept": "submitted", "ignore": "discarded"}


def answer(data: bytes, name: str, verdict: str = "accept") -> bytes:
    """The file of a format with every pre-annotation confirmed, or every task skipped."""
    return globals()[f"_{name}"](data, verdict)


def _prodigy(data, verdict):
    lines = [json.loads(line) | {"answer": verdict} for line in data.decode().split("\n") if line]
    return _jsonl(lines)


def _doccano(data, verdict):
    lines = [json.loads(line) | {"id": 7, "Comments": []} for line in data.decode().split("\n") if line]
    return _jsonl(lines)


def _label_studio(data, verdict):
    items = json.loads(data)
    for item in items:
        result = item["predictions"][0]["result"]
        skipped = verdict == "ignore"
        item["annotations"] = [{"result": result, "was_cancelled": skipped, "lead_time": 2.5, "completed_by": 1}]
    return json.dumps(items).encode()


def _argilla(data, verdict):
    items = json.loads(data)
    for item in items:
        value = item["suggestions"]["entities"]["value"]
        item["responses"] = {"entities": [{"value": value, "user_id": "u", "status": VERDICT[verdict]}]}
    return json.dumps(items).encode()


def _conll(data, verdict):
    return data.replace(b"# answer = ?", f"# answer = {verdict}".encode())


_conll4 = _conll


def _docbin(data, verdict):
    docs = list(DocBin(store_user_data=True).from_bytes(data).get_docs(Vocab()))
    for doc in docs:
        doc.user_data["answer"] = verdict
    return DocBin(docs=docs, store_user_data=True).to_bytes()


def _hf(data, verdict):
    rows = [json.loads(line) for line in data.decode().split("\n") if line]
    return _jsonl(
        [{key: value for key, value in row.items() if key != "suggested"} | {"answer": verdict} for row in rows]
    )


def _webanno(data, verdict):
    return data


def _jsonl(lines):
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def count_utf16(data: bytes, name: str) -> bytes:
    """The same answers with offsets in UTF-16 units, as JavaScript counts."""
    if name in ("prodigy", "doccano"):
        records = [json.loads(line) for line in data.decode().split("\n") if line]
    else:
        records = json.loads(data)
    for record in records:
        text = record.get("text") or (record.get("data") or record.get("fields") or {}).get("text", "")
        for holder, start, end in _offsets(record, name):
            for key in (start, end):
                holder[key] = len(text[: holder[key]].encode("utf-16-le")) // 2
    return _jsonl(records) if name in ("prodigy", "doccano") else json.dumps(records).encode()


def _offsets(record, name):
    if name == "doccano":
        return [(triple, 0, 1) for triple in record["label"]]
    if name == "prodigy":
        return [(span, "start", "end") for span in record["spans"]]
    if name == "argilla":
        return [(s, "start", "end") for r in record["responses"]["entities"] for s in r["value"]]
    return [(r["value"], "start", "end") for a in record["annotations"] for r in a["result"]]
