"""What a catalog says of its parameters."""

from custom_components.smart_bms.bms.settings import Catalog, Proof


def proofs(catalog: Catalog, proof: Proof) -> set[str]:
    """Return the parameters that are known this well."""
    return {key for key, setting in catalog.settings.items() if setting.proof is proof}
