"""Measurements of speed and size, one module per question; run with `make bench`."""
