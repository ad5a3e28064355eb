"""The corpus of bad input, `data/bad/`: a table per kind of file, each case with its message.

A case is named as its file. It has the file's content, as text or as bytes in hexadecimal, the
options given besides the command of its kind, and all that the command says. In a message «…»
stands for the words of another library, or for a list that grows with the project.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

from tests.helpers.paths import DATA

CORPUS = DATA / "bad"
ANY_WORDS = "«…»"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An invalid file."""

    name: str
    content: bytes
    options: str
    message: str

    def is_said_in(self, text: str) -> bool:
        """Return True if a text is exactly this message."""
        words = map(re.escape, f"error: {self.message}\n".split(ANY_WORDS))
        return re.fullmatch("[^\\n]*".join(words), text) is not None


def cases(kind: str) -> list[Case]:
    """Return the cases of a table, such as ``bars``."""
    table = tomllib.loads((CORPUS / f"{kind}.toml").read_text(encoding="utf-8"))
    return [
        Case(
            name=name,
            content=bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode(),
            options=case.get("options", ""),
            message=case["message"],
        )
        for name, case in table.items()
    ]
