"""Control: validates, writes and reads back every parameter change, whoever requests it.

Pure Python; it knows packs by the parameters they have, not by their make, and never imports Home Assistant.
"""
