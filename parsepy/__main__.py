"""`python -m parsepy`: the same as the command `parsepy`."""

import sys

from parsepy.cli import main

if __name__ == "__main__":
    sys.exit(main())
