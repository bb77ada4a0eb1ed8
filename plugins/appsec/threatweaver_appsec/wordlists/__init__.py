"""Word lists: paths that discovery asks for."""
