"""Uploads that are too large, and disks that are full."""

import asyncio
import json
import os
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer
from exposure_reports import Host, Item, nessus
from exposure_space import form

from threatweaver import app as application

MIB = 1 << 20
BIG = nessus(Host(items=[Item(plugin=n, output="o" * 1000) for n in range(1, 2000)]))


@pytest.fixture
async def small(kernel, space):
    """The same tenant, through an application that takes a MiB."""
    registry = replace(
        kernel.registry, settings={**kernel.registry.settings, "exposure": {"import_max_bytes": MIB}}
    )
    limited = replace(kernel, registry=registry)
    async with TestClient(TestServer(application.build(limited))) as client:
        yield replace(space, client=client)


async def assert_too_large(space, **options):
    before, files = await space.snapshot(), set(space.spool.iterdir())
    answer = await space.call("POST", "/imports", **options)
    assert (answer.status, answer.body["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert set(space.spool.iterdir()) == files
    assert await space.snapshot() == before
    assert await space.walk("/imports") == []


async def test_three_gigabytes_are_refused_before_they_are_sent(space):
    url = space.client.make_url("/api/imports")
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST /api/imports HTTP/1.1\r\nHost: x\r\nAuthorization: {space.headers['Authorization']}\r\n"
    writer.write(head.encode() + f"X-Filename: a\r\nContent-Length: {3 << 30}\r\n\r\n".encode())
    async with asyncio.timeout(5):
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = json.loads(await reader.readexactly(length))
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413")
    assert (body["code"], body["status"]) == ("PAYLOAD_TOO_LARGE", 413)


async def test_announced_size_over_the_limit(small):
    await assert_too_large(small, data=BIG, headers={"X-Filename": "a"})


async def test_chunked_body_over_the_limit(small):
    async def chunks():
        for start in range(0, len(BIG), 100_000):
            yield BIG[start : start + 100_000]

    await assert_too_large(small, data=chunks(), headers={"X-Filename": "a"})


async def test_multipart_over_the_limit(small):
    await assert_too_large(small, data=form(BIG))


async def test_gzip_counts_decompressed(small):
    import gzip

    packed = gzip.compress(BIG)
    assert len(packed) < MIB
    await assert_too_large(small, data=packed, headers={"X-Filename": "a"})


async def test_report_below_the_limit_is_taken(small):
    assert (await small.take(nessus(Host(items=[Item()]))))["created"] == 1


FULL = """
    import asyncio, resource, sys
    from pathlib import Path
    from threatweaver.http import upload
    from threatweaver.http.errors import ApiError

    async def main(source, spool, limit):
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            await upload.spool_file(source, spool, 1 << 30)
        except ApiError as error:
            print(error.status, error.code, len(list(spool.iterdir())))

    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
"""


async def test_file_size_limit_of_the_system_is_storage_full(tmp_path):
    source, spool = tmp_path / "big", tmp_path / "spool"
    source.write_bytes(BIG)
    spool.mkdir()
    program = [sys.executable, "-c", textwrap.dedent(FULL), str(source), str(spool), "500000"]
    done = await asyncio.to_thread(subprocess.run, program, capture_output=True, text=True, timeout=30)
    assert done.stdout.split() == ["503", "STORAGE_FULL", "0"], done.stderr


def mount(folder):
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0


async def test_full_disk_answers_503_and_keeps_no_part(kernel, space, tmp_path):
    """A real full disk where this user may mount one; elsewhere the limit above stands for it."""
    home = tmp_path / "home"
    (home / "spool").mkdir(parents=True)
    if not mount(home / "spool"):
        return
    try:
        full = replace(kernel, settings=replace(kernel.settings, home=home))
        async with TestClient(TestServer(application.build(full))) as client:
            there = replace(space, client=client, kernel=full)
            for options in ({"data": BIG, "headers": {"X-Filename": "a"}}, {"data": form(BIG)}):
                answer = await there.call("POST", "/imports", **options)
                assert (answer.status, answer.body["code"]) == (503, "STORAGE_FULL"), answer
                assert list(there.spool.iterdir()) == []
            assert await there.walk("/imports") == []
            assert await there.vulnerabilities() == []
            assert (await there.take(nessus(Host(items=[Item()]))))["created"] == 1
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", str(home / "spool")], check=True)
