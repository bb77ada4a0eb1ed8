"""The deployment's license as the kernel sees it."""
