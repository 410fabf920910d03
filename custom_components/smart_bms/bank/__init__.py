"""Banks: several packs used as one battery. Pure Python: the same members give the same bank."""
