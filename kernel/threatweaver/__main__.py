"""`python -m threatweaver` is the `threatweaver` command."""

from threatweaver.cli import main

main()
