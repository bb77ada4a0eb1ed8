"""`python -m threatweaver_licensing.cli` is `threatweaver-license`."""

import sys

from threatweaver_licensing.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
