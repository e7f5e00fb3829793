"""Finds nothing wrong with the template: `make check` looks."""
