"""How accounts come to be: registration and invitation; and the links in mails that prove an address."""
