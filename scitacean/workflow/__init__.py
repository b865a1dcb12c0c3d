"""Uploads and downloads as a whole: check, move, verify, commit or undo."""
