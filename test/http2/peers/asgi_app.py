"""What hypercorn serves for the peers."""

import hashlib
import json

BIG = b"\0" * (1 << 20)


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": event["text"]})
        return
    if scope["type"] != "http":
        return
    path = scope["path"]
    digest = hashlib.sha256()
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        body = event.get("body", b"")
        digest.update(body)
        size += len(body)
        if not event.get("more_body"):
            break
    trailers = path == "/backend/trailers"
    start = {"type": "http.response.start", "status": 200, "headers": []}
    await send({**start, "trailers": True} if trailers else start)
    if path == "/big.bin":
        for _ in range(64):
            await send({"type": "http.response.body", "body": BIG, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    answer = b"w" * (1 << 18) if path == "/window.txt" else b"small"
    if path == "/backend/digest":
        answer = json.dumps({"bytes": size, "sha256": digest.hexdigest()}).encode()
    await send({"type": "http.response.body", "body": answer})
    if trailers:
        await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"peers")]})
