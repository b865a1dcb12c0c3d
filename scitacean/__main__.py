"""``python -m scitacean`` is the command ``scitacean``."""

from __future__ import annotations

import sys

from scitacean.cli import main

if __name__ == "__main__":
    sys.exit(main())
