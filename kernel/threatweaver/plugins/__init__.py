"""How a plugin is found, admitted, loaded and frozen into the registry."""
