"""The one error of the regeneration: something that its user can put right."""


class RegenerationError(Exception):
    """Regeneration cannot go on; the message says what is wrong and what to do."""
