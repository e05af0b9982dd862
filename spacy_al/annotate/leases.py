"""Who has which question on the screen, so that no other person gets it; a file keeps it when the server is killed."""

import contextlib
import json
import os
from pathlib import Path
from typing import Callable, Dict, Optional, Sequence, Set

LEASE_SECONDS = 600.0


class Leases:
    """Questions that are out, by id and person, each until a moment."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        """path (Path): Where they are kept. clock (Callable): The time in seconds."""
        self.path, self.clock = path, clock
        self.until: Dict[str, Dict[str, float]] = self._read()

    def take(self, who: Optional[str], ids: Sequence[str]) -> None:
        """Somebody gets these questions."""
        now = self.clock()
        if ids:
            for id_ in ids:
                self.until.setdefault(id_, {})[who or ""] = now + LEASE_SECONDS
            self._write(now)

    def renew(self, who: Optional[str], ids: Sequence[str]) -> None:
        """Somebody still has these questions."""
        for id_ in ids:
            if (who or "") in self.until.get(id_, {}):
                self.until[id_][who or ""] = self.clock() + LEASE_SECONDS

    def holders(self, id_: str) -> Set[Optional[str]]:
        """Who has a question. A clock that was set back does not prolong it: no lease ends later than a new one."""
        now = self.clock()
        return {who or None for who, until in self.until.get(id_, {}).items() if now < until <= now + LEASE_SECONDS}

    def _read(self) -> Dict[str, Dict[str, float]]:
        try:
            value = json.loads(self.path.read_bytes())
        except (FileNotFoundError, ValueError):  # leases are worth ten minutes at most
            return {}
        return value if isinstance(value, dict) else {}

    def _write(self, now: float) -> None:
        alive = ((id_, {w: end for w, end in held.items() if end > now}) for id_, held in self.until.items())
        self.until = {id_: held for id_, held in alive if held}
        # Not synced: it has to outlive this process, not the machine. On a full disk it does not even do that; an
        # answer is refused there, aloud.
        aside = self.path.with_name(f".{self.path.name}.tmp")
        with contextlib.suppress(OSError):
            aside.write_text(json.dumps(self.until), encoding="utf8")
            os.replace(aside, self.path)
