"""Which rules a pack goes by."""

from collections.abc import Mapping
from typing import Final

from .daly import DALY
from .jbd import JBD
from .jk import JK, SHUTDOWN
from .rules import RuleSet
from .smart123 import SMART123, SMART123_GENERATION_3

NO_RULES: Final = RuleSet(longest_gap=30.0, grace=10.0)
"""Of a balancer, or a pack of which nothing is known."""

_SHUTDOWN_ONLY: Final = RuleSet(rules=(SHUTDOWN,), longest_gap=30.0, grace=10.0)

_BY_FAMILY: Final[Mapping[str, RuleSet]] = {"jk": JK, "jbd": JBD, "daly": DALY, "smart123": SMART123}
_BY_VARIANT: Final[Mapping[tuple[str, str], RuleSet]] = {
    ("jk", "JK04"): NO_RULES,
    # Records of an unknown generation, and frames with keys, may be those of a third one.
    **{("smart123", variant): SMART123_GENERATION_3 for variant in ("gen3", "records", "frame58_keys")},
}


def rules_of(family: str, variant: str) -> RuleSet:
    """Return what a pack of this family and variant goes by."""
    return _BY_VARIANT.get((family, variant), _BY_FAMILY.get(family, NO_RULES))


def rules_at_once(family: str, variant: str) -> RuleSet:
    """Return the rules by which a change of parameters has an effect at once; a balancer can only switch itself off."""
    return rules_of(family, variant) or _SHUTDOWN_ONLY
