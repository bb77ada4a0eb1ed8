"""`threatweaver mail`."""

from typing import Annotated
from uuid import UUID

import typer

from threatweaver.cli.common import Home, run_with_kernel, settings_of

app = typer.Typer(help="Outgoing mail: list, read, send again.", no_args_is_help=True)


@app.command("list")
def mail_list(home: Home = None) -> None:
    """List the newest mails: id, state, recipient, and why one was not sent."""
    settings = settings_of("mail", home=home)
    from threatweaver.notify.mail import commands

    run_with_kernel(settings, commands.list_)


@app.command("show")
def mail_show(
    mail_id: Annotated[UUID, typer.Argument(help="From `threatweaver mail list`.")], home: Home = None
) -> None:
    """Print a mail that is not sent yet, with the links in it."""
    settings = settings_of("mail", home=home)
    from threatweaver.notify.mail import commands

    run_with_kernel(settings, lambda kernel: commands.show(kernel, mail_id))


@app.command("send")
def mail_send(home: Home = None) -> None:
    """Queue every mail again that was held for want of a server, or failed."""
    settings = settings_of("mail", home=home)
    from threatweaver.notify.mail import commands

    run_with_kernel(settings, commands.send)
