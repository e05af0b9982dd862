"""A compressed msgpack message, read forwards in blocks, so that its size does not matter."""

import struct
import zlib
from typing import BinaryIO, Dict, Iterator, List, Tuple

BLOCK = 1 << 18
OCCURRENCES = "spacy_al_occurrences"  # a key of DocBins that spaCy does not know, see `numbering`
# First byte of a msgpack value -> struct format of the number after it, and what that number counts.
SIZED: Dict[int, Tuple[str, str]] = {
    0xC4: (">B", "bytes"),
    0xC5: (">H", "bytes"),
    0xC6: (">I", "bytes"),
    0xD9: (">B", "bytes"),
    0xDA: (">H", "bytes"),
    0xDB: (">I", "bytes"),
    0xDC: (">H", "items"),
    0xDD: (">I", "items"),
    0xDE: (">H", "pairs"),
    0xDF: (">I", "pairs"),
}
# Values without a length: first byte -> bytes that follow it.
FIXED = {
    0xC0: 0,
    0xC2: 0,
    0xC3: 0,
    0xCA: 4,
    0xCB: 8,
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xCF: 8,
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
}
FIXED[0xD3] = 8
INTEGERS = {0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}


class Inflated:
    """A zlib-compressed msgpack message, read forwards in blocks."""

    def __init__(self, file: BinaryIO) -> None:
        """file (BinaryIO): Opened, at its start."""
        self.file = file
        self.inflate = zlib.decompressobj()
        self.buffer = b""
        self.used = 0  # bytes of the buffer that have been read
        self.place = 0  # bytes of the message that have been read

    def _fill(self) -> None:
        """Replace the buffer, which is used up, by at most BLOCK more bytes of the message."""
        self.buffer, self.used = b"", 0
        while not self.buffer:
            raw = self.inflate.unconsumed_tail or self.file.read(BLOCK)
            if not raw or self.inflate.eof:
                raise EOFError("it ends too early")
            # A bound on the output, so that a small file cannot fill the memory.
            self.buffer = self.inflate.decompress(raw, BLOCK)

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes; raises EOFError when there are fewer."""
        parts: List[bytes] = []
        while size:
            if self.used == len(self.buffer):
                self._fill()
            part = self.buffer[self.used : self.used + size]
            self.used += len(part)
            self.place += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def skip_bytes(self, size: int) -> None:
        """Read `size` bytes and forget them."""
        while size:
            size -= len(self.read(min(size, BLOCK)))

    def rest(self) -> Iterator[bytes]:
        """All that is left, in blocks; raises EOFError unless it ends where its compression says."""
        yield self.buffer[self.used :]
        while not self.inflate.eof:
            raw = self.inflate.unconsumed_tail or self.file.read(BLOCK)
            if not raw:
                raise EOFError("it ends too early")
            yield self.inflate.decompress(raw, BLOCK)
        self.buffer, self.used = b"", 0

    def header(self, kind: str) -> int:
        """How many bytes, items or pairs the next value has; raises ValueError for another kind."""
        first = self.read(1)[0]
        found, count = self._sized(first)
        if found != kind:
            raise ValueError(f"{kind} expected at byte {self.place - 1}, and there is a msgpack value {first:#x}")
        return count

    def _sized(self, first: int) -> Tuple[str, int]:
        if 0x80 <= first <= 0x8F:
            return "pairs", first & 0x0F
        if 0x90 <= first <= 0x9F:
            return "items", first & 0x0F
        if 0xA0 <= first <= 0xBF:
            return "bytes", first & 0x1F
        if first in SIZED:
            form, kind = SIZED[first]
            return kind, int(struct.unpack(form, self.read(struct.calcsize(form)))[0])
        return "other", 0

    def tokens(self) -> Tuple[List[int], bytes, int, int]:
        """Read a DocBin up to its tokens.

        RETURNS (Tuple[List[int], bytes, int, int]): Their attributes; numbers of equal sentences (`OCCURRENCES`); the
            bytes of the tokens, which come next; how many pairs of the message come after these.
        """
        attrs: List[int] = []
        numbers = b""
        for left in reversed(range(self.header("pairs"))):
            key = self.text()
            if key == "tokens":
                return attrs, numbers, self.header("bytes"), left
            if key == "attrs":
                attrs = [self.integer() for _ in range(self.header("items"))]
            elif key == OCCURRENCES:
                numbers = self.binary()
            else:
                self.skip()
        raise ValueError("it has no tokens")

    def binary(self) -> bytes:
        """The next value, a string or bytes."""
        return self.read(self.header("bytes"))

    def text(self) -> str:
        """The next value, a string."""
        return self.binary().decode("utf8", "surrogatepass")

    def integer(self) -> int:
        """The next value, a whole number."""
        first = self.read(1)[0]
        if first <= 0x7F or first >= 0xE0:
            return first if first <= 0x7F else first - 0x100
        if first not in INTEGERS:
            raise ValueError(f"a number expected at byte {self.place - 1}, and there is {first:#x}")
        return int(struct.unpack(INTEGERS[first], self.read(FIXED[first]))[0])

    def skip(self) -> None:
        """Read the next value, whatever it is, and forget it."""
        waiting = 1
        while waiting:
            waiting -= 1
            first = self.read(1)[0]
            kind, count = self._sized(first)
            if kind == "bytes":
                self.skip_bytes(count)
            elif kind in ("items", "pairs"):
                waiting += count * (2 if kind == "pairs" else 1)
            elif first in FIXED:
                self.skip_bytes(FIXED[first])
            elif 0x7F < first < 0xE0:
                raise ValueError(f"a msgpack value {first:#x} at byte {self.place - 1} is not one spaCy writes")
