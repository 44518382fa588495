import { createServer } from "node:http";
import { createSecureServer } from "node:http2";

/** A server that answers what each SDK expects, and keeps what it saw; with a certificate one of HTTP/2. */
export async function serve(answer = standard, certificate = undefined) {
  const seen = [];
  const create =
    certificate === undefined ? createServer : (handler) => createSecureServer(certificate, handler);
  const server = create((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(request, response, body);
    });
  });
  const sockets = new Set();
  let connections = 0;
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    origin: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${server.address().port}`,
    seen,
    get connections() {
      return connections;
    },
    close: () =>
      new Promise((done) => {
        server.close(done);
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const events = (parts) =>
  parts.map(([event, data]) => `${event === "" ? "" : `event: ${event}\n`}data: ${data}\n\n`).join("");

function standard(request, response, body) {
  const send = (value, type = "application/json") => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    response.setHeader("content-type", type);
    response.end(text);
  };
  const url = new URL(request.url, "http://server");
  if (url.pathname === "/die") return request.socket.destroy();
  if (url.pathname === "/busy") {
    response.statusCode = 503;
    return send({ error: { message: "busy" } });
  }
  if (url.pathname.endsWith("/chat/completions")) {
    const { stream } = JSON.parse(body);
    const delta = (content) =>
      JSON.stringify({
        id: "c1",
        object: "chat.completion.chunk",
        choices: [{ index: 0, delta: { content } }],
      });
    if (stream)
      return send(
        events([
          ["", delta("Hel")],
          ["", delta("lo")],
          ["", "[DONE]"],
        ]),
        "text/event-stream",
      );
    return send({
      id: "c1",
      object: "chat.completion",
      choices: [{ index: 0, message: { role: "assistant", content: "Hello" } }],
    });
  }
  if (url.pathname.endsWith("/messages")) {
    const { stream } = JSON.parse(body);
    if (!stream)
      return send({
        id: "m1",
        type: "message",
        role: "assistant",
        content: [{ type: "text", text: "Hello" }],
        usage: {},
      });
    const text = (part) => [
      "content_block_delta",
      JSON.stringify({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: part } }),
    ];
    return send(
      events([text("Hel"), text("lo"), ["message_stop", JSON.stringify({ type: "message_stop" })]]),
      "text/event-stream",
    );
  }
  if (url.pathname === "/events")
    return send(
      events([
        ["tick", "1"],
        ["tick", "2"],
      ]),
      "text/event-stream",
    );
  if (url.pathname === "/graphql") return send({ data: { hello: JSON.parse(body).variables.name } });
  if (url.pathname === "/trpc/hello")
    return send({ result: { data: `hello ${url.searchParams.get("input")}` } });
  if (url.pathname.endsWith("/customers")) return send({ id: "cus_1", object: "customer", received: body });
  return send({ method: request.method, url: request.url, body, accept: request.headers.accept ?? null });
}
