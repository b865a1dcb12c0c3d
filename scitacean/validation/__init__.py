"""Rules of the catalogue as pure functions: they return all problems, not the first."""
