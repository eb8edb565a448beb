"""What a model is asked beside tables, all at once: sentences and forms."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from extractor.normalize import Line
from extractor.specs import Catalogue
from extractor.statements import Prose

from .asked_forms import Sheets
from .asked_prose import Sentences
from .model import Account, Asker
from .performance import Form
from .prose import Reading


@dataclass(frozen=True, slots=True)
class Beside:
    """The questions about the sentences and the forms of a document."""

    sentences: Sentences
    sheets: Sheets

    @classmethod
    def of(
        cls, account: Account, lines: Sequence[Line], read: tuple[Reading, Mapping[int, Form]],
        specs: tuple[Prose, Catalogue], *, left: re.Pattern[str] | None,
    ) -> Self:  # fmt: skip
        """Prepare the questions.

        Args:
            account: Which model, on whose account.
            lines: All lines of the document.
            read: What the grammar has read in sentences, and in forms by first line.
            specs: Those of prose and those of tables.
            left: None asks about everything; else what a number is, where only what the grammar left is asked about.
        """
        sentences = Sentences(account, lines, read[0], specs[0], whole=left)
        return cls(sentences, Sheets(account, lines, read[1], specs[1], whole=left is None))

    async def put(self, asker: Asker) -> None:
        """Ask them side by side."""
        await asyncio.gather(self.sentences.put(asker), self.sheets.put(asker))
