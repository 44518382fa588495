"""One connection or many: ways of sending the same requests from Python.

    trunkline observe --target http://127.0.0.1:8080 -- \
        python3 examples/python/connections.py "connection each" --requests 20

The address comes from --target or TRUNKLINE_TARGET. Standard library only, but for the two scenarios with sessions,
which need the package requests.
"""

import argparse
import http.client
import os
import sys
import urllib.parse
import urllib.request


def connection_each(url, requests):
    for _ in range(requests):
        connection = connect(url)
        get(connection)
        connection.close()


def one_connection(url, requests):
    connection = connect(url)
    for _ in range(requests):
        get(connection)
    connection.close()


def urlopen_each(url, requests):
    # urllib.request sends "Connection: close" whatever it is told.
    for _ in range(requests):
        with urllib.request.urlopen(url) as response:
            response.read()


def session_each(url, requests):
    import requests as library

    # requests.get makes a session for the one call, and closes it.
    for _ in range(requests):
        library.get(url, timeout=30).content


def one_session(url, requests):
    import requests as library

    with library.Session() as session:
        for _ in range(requests):
            session.get(url, timeout=30).content


def connect(url):
    parts = urllib.parse.urlsplit(url)
    return http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=30)


def get(connection):
    connection.request("GET", "/")
    connection.getresponse().read()


SCENARIOS = {
    "connection each": connection_each,
    "one connection": one_connection,
    "urlopen each": urlopen_each,
    "session each": session_each,
    "one session": one_session,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--target", default=os.environ.get("TRUNKLINE_TARGET"))
    parser.add_argument("--requests", type=int, default=20)
    options = parser.parse_args()
    if options.target is None:
        sys.exit("give --target http://host:port, or run it under trunkline observe")
    SCENARIOS[options.scenario](options.target, options.requests)


if __name__ == "__main__":
    main()
