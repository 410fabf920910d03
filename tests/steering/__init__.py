"""What is pure in steering equipment."""
