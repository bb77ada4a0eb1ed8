"""Requests that an attacker makes the application send: to loopback and nowhere else."""

import ipaddress
import urllib.request
from urllib.parse import urlsplit

import aiohttp


def is_loopback(url: str) -> bool:
    """Return whether a URL is http and its host is this machine by its very name, without a resolution."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        named = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
    return parts.scheme == "http" and named


async def fetch(url: str) -> str:
    """Return the first bytes that a URL answers; ValueError where it is not loopback or nobody is there."""
    if not is_loopback(url):
        raise ValueError("the lab reaches loopback only")
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(3)) as http,
            http.get(url, allow_redirects=False) as response,
        ):
            return (await response.content.read(20_000)).decode("utf-8", "replace")
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def fetch_now(url: str) -> str:
    """Do the same in a thread of a library that cannot wait; empty where nobody is there."""
    if not is_loopback(url):
        return ""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - is_loopback lets http only
            return str(response.read(20_000).decode("utf-8", "replace"))
    except OSError:
        return ""
