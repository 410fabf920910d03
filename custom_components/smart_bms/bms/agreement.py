"""Agreement: which answers count where a checksum is so weak that a broken one passes now and then.

An answer counts if it says what the one before said, what was believed already, or just what was written. Whoever got another
one asks again at once.
"""

from collections.abc import Hashable, Mapping
from typing import Any, Final

MOST_QUESTIONS: Final = 4
"""Times that the same is asked in a row before it is given up, because no two answers agree."""

type Answer = Mapping[str, Any]
"""Values by key."""


class Agreement:
    """Follows the answers to any number of questions."""

    def __init__(self, believed: dict[Hashable, Answer] | None = None) -> None:
        """`believed` is what earlier sessions believed, by question; it grows."""
        self._believed: dict[Hashable, Answer] = {} if believed is None else believed
        self._doubted: dict[Hashable, Answer] = {}
        self._written: dict[Hashable, Answer] = {}

    def believes(self, question: Hashable, answer: Answer) -> bool:
        """Take an answer; tell whether it counts."""
        if answer not in [known.get(question) for known in (self._believed, self._doubted, self._written)]:
            self._doubted[question] = answer
            return False
        self._believed[question] = answer
        self._doubted.pop(question, None)
        self._written.pop(question, None)
        return True

    def is_in_doubt(self, question: Hashable) -> bool:
        """Tell whether the last answer does not count yet."""
        return question in self._doubted

    def expect(self, question: Hashable, key: str, value: object) -> None:
        """Expect that an answer will be what is believed, with one value that is being written."""
        if question in self._believed:
            self._written[question] = {**self._believed[question], key: value}
