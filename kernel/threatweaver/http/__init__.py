"""From socket to handler and back: routes, gates, input, output, errors, OpenAPI."""
