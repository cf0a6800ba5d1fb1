"""Manage swap areas and stop processes on Linux: `swapctl.swap` is the library, `swapctl.cli` the command."""

__version__ = "0.1.0"
