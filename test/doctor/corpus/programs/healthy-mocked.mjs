// Requests that the program answers itself: no socket ever connects.
import http from "node:http";
import { Socket } from "node:net";
import { times } from "../server.mjs";

class Answering extends Socket {
  _write(_chunk, _encoding, done) {
    done();
    setImmediate(() => this.push("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  }
  _read() {}
}
class MockAgent extends http.Agent {
  createConnection() {
    return new Answering();
  }
}
await times(
  14,
  () =>
    new Promise((resolve, reject) => {
      const request = http.get("http://api.test/", { agent: new MockAgent() }, (response) =>
        response.resume().on("end", resolve),
      );
      request.on("error", reject);
    }),
);
