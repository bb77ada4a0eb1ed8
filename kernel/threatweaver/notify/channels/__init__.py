"""Where a tenant's notifications go: mail, webhooks, chat."""
