#!/usr/bin/env python3
"""Set everything up and run all the tests and checks.

Needs Python >= 3.11 with pip, and nothing else; leaves nothing but the folder ``.venv``. With ``--lowest``
the tests run with the oldest versions of all dependencies, in ``.venv-lowest``. Further arguments name
the checks to run; ``--list`` lists them.
"""

import sys

# Old versions of Python get as far as this: the syntax of this file is theirs.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("scitacean needs Python >= 3.11, this is {}.{}.".format(*sys.version_info))


def main():
    # type: () -> int
    """Run the command; return its exit status."""
    from environment import ROOT, SetupError, call, prepared

    lowest = "--lowest" in sys.argv[1:]
    try:
        python = prepared("lowest" if lowest else "dev")
    except SetupError as problem:
        print(problem, file=sys.stderr)
        return 1
    return call([python, ROOT / "scripts" / "gates.py", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
