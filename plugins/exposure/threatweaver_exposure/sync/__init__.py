"""Tenable's assets and findings, fetched through its export API."""
