"""Sentences for property tests: emoji, combining marks, right-to-left script, no-break spaces, odd tokens."""

from hypothesis import strategies as st

from spacy_al.tasks import Task

LABELS = (
    "PER", "LOC", "Geo Political", "Ä&<\"'>", "نام\u200cخانوادگی", "no\u00a0break", "😀", "👩\u200d👩", "1st", "42",
    "a:b", "a,b", "a;b", "a|b", "a\\b", "[x]", "PER[1]", "#h", "_", "-", "null", "%(x)s",
)  # fmt: skip
WORDS = [
    "Bob", "aa", "a", "U.S.", "😀", "👩‍👩‍👧", "🇫🇷", "e\u0301", "שלום", "مرحبا", "\u00a0", "\u2028", "\n",
    "\t", "\r\n", "#", "-", "O", "B-PER", "\\n", "\\u000a", "𝔘𝔫𝔦", "\ufeff", "\u200f", '"', "<b>",
    "&amp;", "\x00", "\x85", "东京", "-DOCSTART-",
]  # fmt: skip
words = st.one_of(st.sampled_from(WORDS), st.text(st.characters(codec="utf8"), min_size=1, max_size=4))


@st.composite
def spans_in(draw, length: int):
    """Sorted token spans that do not overlap."""
    cuts = sorted(draw(st.sets(st.integers(0, length), max_size=6)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return tuple((start, end, draw(st.sampled_from(LABELS))) for start, end in pairs)


@st.composite
def batches(draw, max_size: int = 4):
    """A few tasks with different ids and texts, each with the spans a person will answer."""
    tasks = []
    for number in range(draw(st.integers(1, max_size))):
        sentence = tuple(draw(st.lists(words, max_size=8)))
        spaces = tuple(draw(st.lists(st.booleans(), min_size=len(sentence), max_size=len(sentence))))
        spans = draw(spans_in(len(sentence)))
        tasks.append(Task(f"{number:x}f-0", sentence, spaces, spans, rank=number + 1, measure="mnlp", utility=0.5))
    return tasks


def trimmed(task: Task):
    """The task's spans as answers have them: without tokens of white space at their ends."""
    found = []
    for start, end, label in task.spans:
        inside = [n for n in range(start, end) if not task.words[n].isspace()]
        found.append((min(inside), max(inside) + 1, label) if inside else (start, end, label))
    return tuple(found)
