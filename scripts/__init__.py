"""Tools for those who keep the project, run as `python -m scripts.NAME`."""
