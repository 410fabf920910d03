"""Repeated answer: which answers count where a checksum is so weak that a broken one passes now and then.

An answer counts if it says what the one before said, what was believed already, or just what was written. Whoever got another
one asks again at once.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any, Final

MAX_QUESTIONS: Final = 4
"""Times that the same is asked in a row before it is given up, because no two answers agree."""

type Answer = Mapping[str, Any]
"""Values by key."""


class RepeatedAnswer:
    """Compares each answer with the one before, for any number of questions."""

    def __init__(self, believed: dict[Hashable, Answer] | None = None) -> None:
        """`believed` is what earlier sessions believed, by question; it grows."""
        self._believed: dict[Hashable, Answer] = {} if believed is None else believed
        self._doubted: dict[Hashable, Answer] = {}
        self._written: dict[Hashable, Answer] = {}
        self._in_doubt_for: Counter[Hashable] = Counter()

    def believes(self, question: Hashable, answer: Answer, patience: int | None = None) -> bool:
        """Compare an answer; return whether it counts.

        `patience`: after so many that differ the last one counts. Without the answer nothing of the pack would be shown, and a
        field that moves is likelier than so many broken answers with a fitting checksum in a row.
        """
        if answer not in [known.get(question) for known in (self._believed, self._doubted, self._written)]:
            self._in_doubt_for[question] += 1
            if patience is None or self._in_doubt_for[question] < patience:
                self._doubted[question] = answer
                return False
        del self._in_doubt_for[question]
        self._believed[question] = answer
        self._doubted.pop(question, None)
        self._written.pop(question, None)
        return True

    def is_in_doubt(self, question: Hashable) -> bool:
        """Return whether the last answer does not count yet."""
        return question in self._doubted

    def expect(self, question: Hashable, key: str, value: object) -> None:
        """Expect that an answer will be what is believed, with one value that is being written."""
        if question in self._believed:
            self._written[question] = {**self._believed[question], key: value}
