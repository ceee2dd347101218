"""What `forwhom guard` adds to a stream: 50 at once, with and without the proxy, side by side.

    .venv/bin/python benchmarks/guard_latency.py [--streams 50] [--seconds 10]

One upstream, in a process of its own, sends chunks at an even pace and writes into each when it was sent. One
client reads from it directly and through the proxy in turns, so that both have the same machine. Latency is
the time from the sending of a chunk to its arrival; what the proxy adds is the difference of the medians. The
client, the upstream and the proxy share the cores. No mitigation asks a model.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CHUNKS, PAUSE = 50, 0.04  # 25 a second: a fast model
WORDS = ("soup", "leek", "water", "salt", "pan", "slow", "warm", "bread", "butter", "pepper")
USERS = "users:\n" + "\n".join(
    f"  user{place}: {{secrets: {{phrase: quartz-falcon-{place:05}}}}}" for place in range(20)
)
GUARD = "guard: {unknown_users: neutral}"
POLICIES = {
    "no mitigation": f"mitigations: []\n{USERS}\n{GUARD}",
    "spotlighting, taint control": f"mitigations: [spotlighting, taint_control]\n{USERS}\n{GUARD}",
    "the same and leak filter, 20 users": (
        f"mitigations: [spotlighting, taint_control, leak_filter]\n{USERS}\n{GUARD}"
    ),
}


async def upstream() -> None:
    """A server as small as it can be, so that the proxy is what is measured."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = re.search(rb"content-length: (\d+)", head.lower())
                body = json.loads(await reader.readexactly(int(length[1]) if length else 0))
                chunks, pause = body["max_tokens"], body["top_p"]
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                             b"transfer-encoding: chunked\r\n\r\n")  # fmt: skip
                begun = time.monotonic()
                for place in range(chunks):
                    if pause:
                        await asyncio.sleep(max(begun + place * pause - time.monotonic(), 0))
                    delta = {"content": f"{WORDS[place % len(WORDS)]} "}
                    chunk = {"id": "x", "object": "chat.completion.chunk", "sent": time.monotonic(),
                             "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}  # fmt: skip
                    writer.write(_chunked(f"data: {json.dumps(chunk)}\n\n".encode()))
                    await writer.drain()
                writer.write(_chunked(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def stream(port: int, user: str, chunks: int, pause: float) -> tuple[float, list[float], float]:
    """Seconds to the first chunk, of each chunk from its sending, and to the end after the last one."""
    said = {"role": "user", "content": "How do I make a soup?"}
    body = json.dumps({
        "model": "m", "stream": True, "max_tokens": chunks, "top_p": pause, "user": user, "messages": [said],
    }).encode()  # fmt: skip
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun = time.monotonic()
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%s" % (len(body), body)
    )
    first, took, last = 0.0, [], 0.0
    try:
        while line := await reader.readline():
            now = time.monotonic()
            if line.startswith(b"data: {"):
                if not first:
                    first = now - begun
                took.append(now - float(line[line.index(b'"sent":') + 7 :].split(b",")[0].rstrip(b"}\n")))
                last = now
            elif line.startswith(b"data: [DONE]"):
                return first, took, now - last
            elif line.startswith(b"HTTP/1.1") and b" 200 " not in line:
                raise RuntimeError(line)
    finally:
        writer.close()
    raise RuntimeError("the stream broke off")


async def load(port: int, streams: int, seconds: float) -> dict[str, np.ndarray]:
    """So many streams at once, begun at different times, each followed by another."""
    until, firsts, took, ends = time.monotonic() + seconds, [], [], []

    async def one(place: int) -> None:
        await asyncio.sleep(place * 0.618 % 1 * CHUNKS * PAUSE)  # as they come: not in step
        while time.monotonic() < until:
            first, chunks, end = await stream(port, f"user{place % 20}", CHUNKS, PAUSE)
            firsts.append(first)
            took.extend(chunks)
            ends.append(end)

    await asyncio.gather(*(one(place) for place in range(streams)))
    return {"first chunk": np.array(firsts), "each chunk": np.array(took), "end": np.array(ends)}


async def many(port: int, requests: int, at_once: int) -> float:
    """Short streams; requests a second."""
    begun, left = time.monotonic(), iter(range(requests))

    async def one() -> None:
        for place in left:
            await stream(port, f"user{place % 20}", 5, 0)

    await asyncio.gather(*(one() for _ in range(at_once)))
    return requests / (time.monotonic() - begun)


def resident(pid: int) -> float:
    """Megabytes."""
    told = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", told)[0]) / 1024


def measured(policy: str, model: int, wanted: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (path := Path(folder) / "policy.yaml").write_text(POLICIES[policy])
        proxy = subprocess.Popen(
            [sys.executable, "-c", "from forwhom.cli import main; main()", "guard", "--policy", str(path),
             "--upstream", f"http://127.0.0.1:{model}/v1", "--port", "0", "--state", f"sqlite:///{folder}/s"],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert proxy.stderr is not None
            line = proxy.stderr.readline()
            port = int(re.findall(r":(\d+)/v1", line)[0])
            time.sleep(1)
            asyncio.run(load(port, 5, 1))  # both are warm
            before = resident(proxy.pid)
            direct: dict[str, list[np.ndarray]] = {}
            through: dict[str, list[np.ndarray]] = {}
            for _ in range(2):
                for at, kept in ((model, direct), (port, through)):
                    for name, values in asyncio.run(load(at, wanted.streams, wanted.seconds / 2)).items():
                        kept.setdefault(name, []).append(values)
            print(f"\n{policy}: {wanted.streams} streams, {1 / PAUSE:.0f} chunks a second each")
            for name in direct:
                own, its = np.concatenate(direct[name]) * 1000, np.concatenate(through[name]) * 1000
                shown = [f"{q}: {np.percentile(own, p):.2f} -> {np.percentile(its, p):.2f}"
                         for q, p in (("p50", 50), ("p95", 95), ("p99", 99))]  # fmt: skip
                added = np.median(its) - np.median(own)
                print(f"  {name:12} ms  {'  '.join(shown)}  added median {added:.2f}  (n {len(its):,})")
            rate = asyncio.run(many(port, wanted.requests, wanted.streams))
            print(f"  memory {before:.0f} MB before, {resident(proxy.pid):.0f} MB after "
                  f"{wanted.requests:,} more requests ({rate:.0f} a second)")  # fmt: skip
        finally:
            proxy.terminate()
            proxy.wait(40)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10, help="of load, for each way and policy")
    parser.add_argument("--requests", type=int, default=3000, help="that memory is watched over")
    parser.add_argument("--upstream", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.upstream:
        asyncio.run(upstream())
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    model = subprocess.Popen([sys.executable, __file__, "--upstream"], stdout=subprocess.PIPE, text=True)
    try:
        assert model.stdout is not None
        port = int(model.stdout.readline())
        for policy in POLICIES:
            measured(policy, port, wanted)
    finally:
        model.terminate()
        model.wait(10)


if __name__ == "__main__":
    main()
