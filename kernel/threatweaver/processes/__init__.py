"""The product's processes under one supervisor: how they are started, watched and ended."""
