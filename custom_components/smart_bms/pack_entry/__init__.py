"""What hangs on the coordinator of one pack, or is shared by all of them."""
