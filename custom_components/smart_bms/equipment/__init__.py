"""Equipment: the chargers and inverters of the house that are steered through their entities."""
