"""The parts of ``scripts/regenerate.py``."""
