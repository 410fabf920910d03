"""What several tests need: packs, a radio, virtual time, recorded traffic."""
