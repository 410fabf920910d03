"""Control: the one door through which every change to a pack leaves, whoever asks.

Pure Python; it knows packs by what they can be set to, not by their make, and never imports Home Assistant.
"""
