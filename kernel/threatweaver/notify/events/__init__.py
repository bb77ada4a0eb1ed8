"""What can happen, and what did: declared by kernel and plugins, raised by code."""
