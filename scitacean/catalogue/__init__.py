"""Talking HTTP to the catalogue."""
