"""Vectors of sentences, computed once and kept: in memory up to a limit, then in a memory-mapped file."""

import os
import tempfile
from pathlib import Path
from typing import IO, Dict, Optional, Tuple

import numpy
from numpy.typing import NDArray

from ..errors import ALError, Errors

Floats = NDArray[numpy.float32]


class VectorStore:
    """Arrays (tokens, width) by key; nothing that was put in is ever forgotten or computed again.

    The file has no name (it is unlinked at once where the system allows), so it is gone with the process
    whatever happens. Nothing in it is read by another process.
    """

    def __init__(self, *, memory: int, folder: Optional[Path] = None) -> None:
        """
        memory (int): Bytes to keep in memory; what comes later goes to the file.
        folder (Path): Where the file is; None: the system's folder for temporary files.
        """
        self.memory = memory
        self.folder = folder
        self.used = 0
        self.arrays: Dict[bytes, Floats] = {}
        self.file: Optional[IO[bytes]] = None
        self.places: Dict[bytes, Tuple[int, int, int]] = {}
        self.mapped: Floats = numpy.zeros(0, dtype=numpy.float32)

    def __contains__(self, key: bytes) -> bool:
        return key in self.arrays or key in self.places

    def put(self, key: bytes, array: Floats) -> None:
        """Keep an array (tokens, width), float32; ALError A265 when the disk is full."""
        if self.used + array.nbytes <= self.memory:
            self.used += array.nbytes
            self.arrays[key] = array
        else:
            self.places[key] = (self._append(array), *array.shape)

    def get(self, key: bytes) -> Floats:
        """The array; a view of the mapped file where it is there. Not to be written to."""
        if key in self.arrays:
            return self.arrays[key]
        start, tokens, width = self.places[key]
        return self._map(start + tokens * width)[start : start + tokens * width].reshape(tokens, width)

    def _append(self, array: Floats) -> int:
        try:
            if self.file is None:
                if self.folder is not None:
                    self.folder.mkdir(parents=True, exist_ok=True)
                self.file = tempfile.TemporaryFile(dir=self.folder, prefix="spacy_al-")  # noqa: SIM115
            start = self.file.seek(0, os.SEEK_END) // 4
            self.file.write(numpy.ascontiguousarray(array).data)
            return start
        except OSError as error:
            folder = self.folder or tempfile.gettempdir()
            raise ALError(Errors.A265.format(folder=folder, reason=error.strerror or error)) from error

    def _map(self, size: int) -> Floats:
        if size > len(self.mapped):
            assert self.file is not None
            self.file.flush()
            self.mapped = numpy.asarray(numpy.memmap(self.file, dtype=numpy.float32, mode="r"))
        return self.mapped
