#!/usr/bin/env python3
"""Set everything up and run the main job: upload a folder over SSH, find it, download it, verify it.

Needs Python >= 3.11 with pip, and nothing else; leaves nothing but the folder ``.venv``.
"""

import sys

# Old versions of Python get as far as this: the syntax of this file is theirs.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("scitacean needs Python >= 3.11, this is {}.{}.".format(*sys.version_info))


def main():
    # type: () -> int
    """Run the command; return its exit status."""
    from environment import ROOT, SetupError, call, prepared

    try:
        python = prepared("quickstart")
    except SetupError as problem:
        print(problem, file=sys.stderr)
        return 1
    return call([python, ROOT / "scripts" / "tour.py"])


if __name__ == "__main__":
    sys.exit(main())
