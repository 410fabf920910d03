"""Development only: radios and packs that are not there. Nothing in here is shipped."""
