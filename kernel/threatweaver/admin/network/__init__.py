"""The lists of networks that a tenant lets in or keeps out."""
