"""`threatweaver <plugin>`: named by the manifests, loaded only when one of its commands is run."""

from typing import Any

import typer
from typer.core import TyperGroup

from threatweaver.cli.common import Home, fail, settings_of


class Commands(TyperGroup):
    """The product's commands, and after them those of installed plugins."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names that help shows; no plugin is imported for it."""
        own = super().list_commands(ctx)
        return [*own, *(name for name in _installed() if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; a name that is none of ours may be a plugin's."""
        found = super().get_command(ctx, cmd_name)
        if found is None and (summary := _installed().get(cmd_name)) is not None:
            return _of_plugin(cmd_name, summary)
        return found


def _installed() -> dict[str, str]:
    """Return name → what its commands do, of the plugins that have any."""
    from threatweaver.plugins import manifest

    return {item.name: item.commands for item in manifest.installed() if item.commands}


def _of_plugin(name: str, summary: str) -> Any:
    """Return the command that opens the kernel, and hands it the rest of the line."""
    line = typer.Typer(add_completion=False, rich_markup_mode=None)

    @line.command(
        name,
        help=summary,
        add_help_option=False,  # --help is the plugin's
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def run(ctx: typer.Context, home: Home = None) -> None:
        settings = settings_of(name, home=home)
        from threatweaver.commands import contributed, opening

        try:
            contributed.run(settings, name, ctx.args)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except opening.expected() as error:
            fail(error)

    return typer.main.get_command(line)
