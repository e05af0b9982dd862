"""A compressed DocBin, read forwards in blocks, so that its size does not matter."""

import struct
import zlib
from typing import Any, BinaryIO, Dict, Iterator, List, Tuple

from srsly.msgpack import Unpacker

BLOCK = 1 << 18
OCCURRENCES = "spacy_al_occurrences"  # a key of DocBins that spaCy does not know, see `numbering`
SIZES = {b"\xc4": ">B", b"\xc5": ">H", b"\xc6": ">I"}  # first byte of bytes in msgpack -> form of their number
MOST_ATTRIBUTES = 1 << 16


class Inflated:
    """The bytes that a zlib-compressed file stands for, read forwards in blocks."""

    def __init__(self, file: BinaryIO) -> None:
        """file (BinaryIO): Opened, at its start."""
        self.file = file
        self.inflate = zlib.decompressobj()
        self.buffer = b""
        self.used = 0  # bytes of the buffer that have been read

    def _fill(self) -> bool:
        """Replace the buffer, which is used up, by at most BLOCK more bytes; False at the end.

        RAISES: EOFError unless it ends where its compression says.
        """
        self.buffer, self.used = b"", 0
        while not self.buffer and not self.inflate.eof:
            raw = self.inflate.unconsumed_tail or self.file.read(BLOCK)
            if not raw:
                raise EOFError("it ends too early")
            # A bound on the output, so that a small file cannot fill the memory.
            self.buffer = self.inflate.decompress(raw, BLOCK)
        return bool(self.buffer)

    def read(self, size: int) -> bytes:
        """`size` bytes; fewer at the end."""
        parts: List[bytes] = []
        while size and (self.used < len(self.buffer) or self._fill()):
            part = self.buffer[self.used : self.used + size]
            self.used += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)


class Message(Unpacker):  # type: ignore[misc]
    """A compressed DocBin, whose values are read one after the other."""

    def __init__(self, file: BinaryIO) -> None:
        """file (BinaryIO): Opened, at its start."""
        # A list is made as long as its first bytes say: nobody has so many attributes.
        super().__init__(Inflated(file), raw=False, max_buffer_size=0, max_array_len=MOST_ATTRIBUTES)

    def tokens(self) -> Tuple[List[int], bytes, int, int]:
        """Read a DocBin up to its tokens.

        RETURNS (Tuple[List[int], bytes, int, int]): Their attributes; numbers of equal sentences (`OCCURRENCES`); the
            bytes of the tokens, which come next; how many pairs of the message come after these.
        RAISES: ValueError when it has none.
        """
        known: Dict[object, Any] = {"attrs": (), OCCURRENCES: b""}
        for left in reversed(range(self.read_map_header())):
            key = self.unpack()
            if key == "tokens":
                return list(map(int, known["attrs"])), bytes(known[OCCURRENCES]), self._size(), left
            if key in known:
                known[key] = self.unpack()
            else:
                self.skip()
        raise ValueError("it has no tokens")

    def _size(self) -> int:
        first = self.read_bytes(1)
        if first not in SIZES:
            raise ValueError(f"its tokens are no bytes, but a msgpack value {first.hex()}")
        return int(struct.unpack(SIZES[first], self.read_bytes(struct.calcsize(SIZES[first])))[0])

    def exactly(self, size: int) -> bytes:
        """The next `size` bytes; raises EOFError when there are fewer."""
        found: bytes = self.read_bytes(size)
        if len(found) < size:
            raise EOFError("it ends too early")
        return found

    def pass_over(self, size: int) -> None:
        """Read `size` bytes and forget them."""
        while size:
            size -= len(self.exactly(min(size, BLOCK)))

    def rest(self) -> Iterator[bytes]:
        """All that is left, in blocks; raises EOFError unless it ends where its compression says."""
        return iter(lambda: self.read_bytes(BLOCK), b"")
