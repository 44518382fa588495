"""The other half of .ci/steps/55-http2-codecs.sh: what the packages hpack and h2 make of our octets.

`lists FILE` decodes the blocks of our encoder; `serve FILE OUT` is a server for what our session sends.
"""

import json
import sys

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, TrailersReceived
from hpack import Decoder


def lists(path):
    count = 0
    decoder = None
    for line in open(path, encoding="utf-8"):
        if line.strip() == "story":
            decoder = Decoder(max_header_list_size=1 << 24)
            continue
        block, fields = json.loads(line)
        seen = []
        for name, value in decoder.decode(bytes.fromhex(block), raw=True):
            seen += [name.decode("latin-1"), value.decode("latin-1")]
        assert seen == fields, (seen, fields)
        count += 1
    assert count == 3384, count
    print(f"{count} of 3384 lists came back through hpack")


def serve(path, out):
    connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    connection.initiate_connection()
    heads, bodies, trailers, ended = {}, {}, {}, []
    for event in connection.receive_data(open(path, "rb").read()):
        if isinstance(event, RequestReceived):
            heads[event.stream_id] = dict(event.headers)
        elif isinstance(event, DataReceived):
            bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
        elif isinstance(event, TrailersReceived):
            trailers[event.stream_id] = dict(event.headers)
        elif isinstance(event, StreamEnded):
            ended.append(event.stream_id)
    assert sorted(ended) == list(range(1, 41, 2)), ended
    for stream in ended:
        i = (stream - 1) // 2
        head = heads[stream]
        assert head["x-number"] == str(i) and head["authorization"] == "Basic x", head
        assert head[":path"] == (f"/get/{i}" if i % 3 == 0 else f"/post/{i}"), head
        expected = b"" if i % 3 == 0 else (b"body " * 2000)[: i * 200]
        assert bodies.get(stream, b"") == expected
        assert (i % 3 == 2) == (trailers.get(stream, {}).get("x-trailer") == str(i))
        connection.send_headers(stream, [(":status", "103"), ("link", "<a>")])
        connection.send_headers(stream, [(":status", "200"), ("x-number", str(i)), ("set-cookie", f"c={i}")])
        body = f"{i}:".ljust(i * 500, "y").encode()
        if body:
            connection.send_data(stream, body, pad_length=i if i % 2 else None)
        connection.send_headers(stream, [("x-sum", str(i))], end_stream=True)
    open(out, "wb").write(connection.data_to_send())
    print("20 of 20 requests were read by h2")


if sys.argv[1] == "lists":
    lists(sys.argv[2])
else:
    serve(sys.argv[2], sys.argv[3])
