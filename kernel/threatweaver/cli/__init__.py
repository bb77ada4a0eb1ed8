"""The `threatweaver` command. The product's modules load inside each command: help needs none of them."""

import gc

from threatweaver.cli import custody, doctor, mail, people, plugins, product, tenants

app = product.app
app.add_typer(tenants.app, name="tenant")
app.add_typer(people.users, name="user")
app.add_typer(doctor.app, name="doctor")
app.add_typer(plugins.app, name="plugins")
app.add_typer(people.operators, name="operator")
app.add_typer(mail.app, name="mail")
app.add_typer(custody.audits, name="audit")
app.add_typer(custody.keys, name="keys")


def main() -> None:
    """Run the command line."""
    gc.disable()  # what loads lives to the end: looking for garbage in it finds none, until work begins
    app()
