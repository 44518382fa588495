import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { Client, fetch as ours, Transport } from "trunkline";
import { serve } from "./server.mjs";

const require = createRequire(import.meta.url);
const { context, trace } = require("@opentelemetry/api");
const { UndiciInstrumentation } = require("@opentelemetry/instrumentation-undici");
const {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} = require("@opentelemetry/sdk-trace-node");

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
const instrumentation = new UndiciInstrumentation();
instrumentation.setTracerProvider(provider);
instrumentation.enable();

let server;
const transport = new Transport();
const client = new Client({ transport });
before(async () => {
  server = await serve();
});
after(async () => {
  await transport.close();
  await server.close();
  instrumentation.disable();
});

/** The spans of what `run` did within one of its own, and what the server saw. */
async function traced(run) {
  exporter.reset();
  server.seen.length = 0;
  const parent = trace.getTracer("test").startSpan("parent");
  await context.with(trace.setSpan(context.active(), parent), run).catch(() => undefined);
  parent.end();
  await new Promise((done) => setImmediate(() => setImmediate(done)));
  const spans = exporter.getFinishedSpans().filter(({ name }) => name !== "parent");
  return { spans, parent: parent.spanContext(), seen: [...server.seen] };
}

const plain = (span) => {
  const {
    "user_agent.original": agent,
    "network.peer.port": _port,
    "server.port": _server,
    "url.full": _full,
    ...rest
  } = span.attributes;
  return { ...rest, agent: typeof agent, name: span.name, kind: span.kind, status: span.status.code };
};

const CALLS = {
  get: (fetch, origin) => fetch(`${origin}/a?b=1`).then((response) => response.text()),
  post: (fetch, origin) =>
    fetch(`${origin}/a`, { method: "POST", body: "x" }).then((response) => response.text()),
  "an error status": (fetch, origin) => fetch(`${origin}/busy`).then((response) => response.text()),
  "a refused connection": (fetch) => fetch(`http://127.0.0.1:${closedPort}/`),
};
let closedPort = 0;
before(async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => closed.once("listening", done));
  closedPort = closed.address().port;
  await new Promise((done) => closed.close(done));
});

for (const [name, call] of Object.entries(CALLS)) {
  for (const [which, fetch] of [
    ["fetch", ours],
    ["a client", (...given) => client.fetch(...given)],
    ["a client with retries", (...given) => client.extend({ retry: { attempts: 1 } }).fetch(...given)],
  ]) {
    test(`OpenTelemetry sees ${which} as it sees global fetch: ${name}`, async () => {
      const theirs = await traced(() => call(globalThis.fetch, server.origin));
      const mine = await traced(() => call(fetch, server.origin));
      assert.deepEqual(mine.spans.map(plain), theirs.spans.map(plain));
      assert.equal(mine.spans.length, 1);
      assert.equal(mine.spans[0].parentSpanContext?.spanId, mine.parent.spanId);
      for (const { headers } of mine.seen) {
        const { traceId, spanId } = mine.spans[0].spanContext();
        assert.equal(headers.traceparent, `00-${traceId}-${spanId}-01`);
      }
    });
  }
}
