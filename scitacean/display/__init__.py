"""Showing plain data to people: progress bars and tables."""
