#!/usr/bin/env python3
"""A sweep from Python over plain HTTP: submit, follow, rank, fetch the winner's weights.

    python3 docs/trawl_example.py SPEC.yaml [FOLDER]

Needs the standard library alone, and numpy to read the weights. TRAWL_API_URL says where the service is (by default
http://127.0.0.1:7070), TRAWL_API_KEY is for one that asks for a key. docs/python.md explains the calls.
"""

import hashlib
import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

API = os.environ.get("TRAWL_API_URL", "http://127.0.0.1:7070").rstrip("/")
KEY = os.environ.get("TRAWL_API_KEY")
FINISHED = ("succeeded", "failed", "cancelled")


def call(method, path, body=None, headers=None, timeout=60):
    """The open answer. A refusal is an RFC 9457 problem: its errors name path, what was given, what is allowed."""
    headers = {"accept": "application/json", **(headers or {})}
    if KEY:
        headers["authorization"] = f"Bearer {KEY}"
    request = urllib.request.Request(API + path, data=body, headers=headers, method=method)
    try:
        return urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        try:
            problem = json.loads(text)
        except ValueError:
            raise RuntimeError(f"{method} {path}: {error.code} {text[:200]}") from error
        lines = [
            f"  {e['path']}: {e['message']}; given {e.get('given')!r}; allowed: {e['allowed']}"
            for e in problem.get("errors", [])
        ]
        raise RuntimeError("\n".join([f"{problem['status']} {problem['detail']}", *lines])) from error


def get(path, **query):
    query = {name: value for name, value in query.items() if value is not None}
    with call("GET", path + ("?" + urllib.parse.urlencode(query) if query else "")) as answer:
        return json.load(answer)


def pages(path, **query):
    """All items of a list, page after page."""
    cursor = None
    while True:
        page = get(path, cursor=cursor, **query)
        yield from page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            return


def submit(text):
    """The same key sent again names the same sweep: a lost answer costs nothing."""
    headers = {"content-type": "application/yaml", "idempotency-key": str(uuid.uuid4())}
    for attempt in range(5):
        try:
            with call("POST", "/v1/sweeps", text, headers) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            if attempt == 4:
                raise
            time.sleep(2**attempt)


def events(sweep_id):
    """Server-sent events from the first one on. After a lost connection it goes on where it was."""
    last = 0
    while True:
        try:
            headers = {"accept": "text/event-stream", "last-event-id": str(last)}
            # The service sends a sign of life every 20 s.
            with call("GET", f"/v1/sweeps/{sweep_id}/events", headers=headers, timeout=60) as stream:
                event = {}
                for line in stream:
                    name, _, value = line.decode().rstrip("\r\n").partition(": ")
                    if name in ("id", "event", "data"):
                        event[name] = value
                    elif name == "" and "data" in event:
                        last = int(event["id"])
                        yield event["event"], json.loads(event["data"])
                        event = {}
        except OSError as error:
            print(f"connection lost ({error}), going on after event {last}", file=sys.stderr)
        time.sleep(1)


def follow(sweep_id):
    """Says what happens until the sweep is finished or waits for somebody; its last state."""
    for kind, data in events(sweep_id):
        if kind == "run":
            print(f"run {data['runId'][-12:]} {data['state']}")
        elif kind == "stage":
            print(f"stage {data['name']} {data['state']}")
        elif data["state"] in FINISHED or data["state"] == "awaiting_review":
            return data["state"]


def show(ranking):
    print(f"\n{ranking['stage']} by {ranking['metric']} ({ranking['direction']})")
    for cell in ranking["cells"]:
        values = " ".join(f"{seed['value']}" for seed in cell["seeds"])
        print(f"{cell['rank'] or '-':>4}  {cell['point']}  mean {cell['score']['mean']}  seeds {values}")


def download(artifact, path):
    """To `path`, checked against its sha256."""
    digest = hashlib.sha256()
    with call("GET", f"/v1/artifacts/{artifact['id']}", headers={"accept": "*/*"}) as answer, open(path, "wb") as file:
        while chunk := answer.read(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != artifact["sha256"]:
        raise RuntimeError(f"{path} arrived damaged")


DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "|u1", "BOOL": "|b1"}


def read_safetensors(path):
    """Arrays by name: 8 bytes with the header's length, a JSON header, then the numbers."""
    import numpy

    data = pathlib.Path(path).read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    arrays = {}
    for name, tensor in header.items():
        begin, end = tensor["data_offsets"]
        numbers = numpy.frombuffer(data[8 + size + begin : 8 + size + end], dtype=DTYPES[tensor["dtype"]])
        arrays[name] = numbers.reshape(tensor["shape"])
    return arrays


def main(spec, folder="."):
    sweep = submit(pathlib.Path(spec).read_bytes())
    print(f"submitted {sweep['name']}: {sweep['id']}")
    state = follow(sweep["id"])
    print(f"the sweep has {state}")
    if state != "succeeded":
        return 1
    show(get(f"/v1/sweeps/{sweep['id']}/ranking"))
    best = get(f"/v1/sweeps/{sweep['id']}/best")
    print(f"\nbest: {best['point']} ({best['why']})")

    runs = pages(f"/v1/sweeps/{sweep['id']}/runs", state="succeeded", limit=500)
    winner = next(run for run in runs if run["cellId"] == best["cellId"])
    for artifact in get(f"/v1/runs/{winner['id']}/artifacts")["items"]:
        if artifact["kind"] == "weights":
            path = os.path.join(folder, artifact["name"])
            download(artifact, path)
            print(f"\n{path} of run {winner['id']}, seed {winner['seed']}")
            for name, array in read_safetensors(path).items():
                print(f"  {name}  {array.dtype} {array.shape}  mean {array.mean():.4g}")
            return 0
    print("the winner left no weights", file=sys.stderr)
    return 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
