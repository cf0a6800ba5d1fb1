"""``python3 -m swapctl``: the command line with nothing but the standard library."""

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
