"""The suite's command-line options, and how pytest comes to collect tests inside the installed package."""

import pytest

from threatweaver.plugins import manifest

PACKAGE = "threatweaver.testing.conformance"
KERNEL = "kernel"
"""What `--threatweaver-plugin` calls the routes that no plugin owns."""


def add(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("threatweaver")
    group.addoption(
        "--threatweaver-conformance",
        action="store_true",
        help="Hold the installed plugins against what every plugin promises; with paths, beside their tests.",
    )
    group.addoption(
        "--threatweaver-plugin",
        metavar="NAME",
        help=f"Judge this plugin alone, or `{KERNEL}` for the kernel's own routes.",
    )


def apply(config: pytest.Config) -> None:
    """Add the suite to what is collected; in the place of what pytest would find when no path is given.

    Raises pytest.UsageError when no such plugin is installed.
    """
    if not config.getoption("--threatweaver-conformance"):
        return
    _refuse_unknown(chosen_plugin(config))
    # The suite is an installed package: a path into a virtual environment would be passed over.
    config.option.pyargs = True
    given = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
    config.args = [*(item for item in given if item != PACKAGE), PACKAGE]  # xdist hands it to its workers


def chosen_plugin(config: pytest.Config) -> str | None:
    """Return the plugin to judge alone, if one was named."""
    name: str | None = config.getoption("--threatweaver-plugin", None)
    return name


def _refuse_unknown(name: str | None) -> None:
    known = [KERNEL, *(item.name for item in manifest.installed())]
    if name is not None and name not in known:
        raise pytest.UsageError(f"no plugin {name} is installed here; there are {', '.join(known)}")
