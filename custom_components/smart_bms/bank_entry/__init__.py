"""A config entry that is a bank of packs: its coordinator, entities and forms."""
