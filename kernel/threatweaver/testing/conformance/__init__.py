"""The conformance suite: what every plugin promises, asked of whatever is installed.

`pytest --threatweaver-conformance` runs it, with `--threatweaver-plugin NAME` for one plugin alone.
"""
