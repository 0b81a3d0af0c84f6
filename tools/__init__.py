"""The small programs behind the Makefile: set-up, start, and the checks of `make test`."""
