"""`python -m archive.cli` is `vigil`."""

from archive.cli.main import main

main(prog_name="vigil")
