import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Client, Transport } from "../../src/index.js";
import { LocalServer } from "./local-server.js";
import { runCli } from "./run-cli.js";

let folder = "";
let file = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "trunkline-recording-"));
  file = join(folder, "run.jsonl");
  await using server = await LocalServer.start();
  const transport = new Transport({ maxIdleConnectionsPerOrigin: 1 });
  const recording = transport.recordTo(file);
  const client = new Client({ transport });
  for (let round = 0; round < 5; round++)
    await Promise.all(Array.from({ length: 4 }, () => client.get(server.url("/")).text()));
  await recording.close();
  await transport.close();
});

after(() => rm(folder, { recursive: true, force: true }));

test("trunkline why: describes a request and a connection, as text and as JSON", async () => {
  const request = await runCli(["why", file, "r1"]);
  assert.deepEqual([request.code, request.stderr], [0, ""]);
  assert.match(request.stdout, /^GET http:\/\/127\.0\.0\.1:\d+\//);
  const connection = await runCli(["why", file, "c1"]);
  assert.equal(connection.code, 0);
  assert.match(connection.stdout, /first-use|none yet/);
  const json = JSON.parse((await runCli(["why", file, "c1", "--json"])).stdout) as {
    id: string;
    connections: { id: number }[];
  };
  assert.deepEqual([json.id, json.connections.map(({ id }) => id)], ["c1", [1]]);
});

test("trunkline replay: says what other settings would have come to", async () => {
  const set = ["--set", "maxIdleConnectionsPerOrigin=20"];
  const text = await runCli(["replay", file, ...set]);
  assert.deepEqual([text.code, text.stderr], [0, ""]);
  assert.match(text.stdout, /With maxIdleConnectionsPerOrigin: 20, \d+ of \d+ dials would have been reuses/);
  const result = JSON.parse((await runCli(["replay", file, ...set, "--json"])).stdout) as {
    requests: number;
    predictedDials: number;
    actualDials: number;
  };
  assert.equal(result.requests, 20);
  assert.ok(result.predictedDials < result.actualDials);
});

test("trunkline why, replay: a recording that is cut off shows what it has, and says what is missing", async () => {
  const text = await readFile(file, "utf8");
  const cut = join(folder, "cut.jsonl");
  await writeFile(cut, text.slice(0, Math.floor(text.length * 0.6)));
  const { code, stdout, stderr } = await runCli(["why", cut, "r1"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^GET /);
  assert.match(stderr, /^trunkline: part of the recording is missing \(it is not complete.*\)\n$/);
  assert.equal((await runCli(["why", "-", "r1"], { input: text })).code, 0);
});

test("trunkline why, replay: bad input ends with a sentence and its code", async () => {
  const newer = join(folder, "newer.jsonl");
  await writeFile(newer, (await readFile(file, "utf8")).replace('"version":1', '"version":99'));
  const other = join(folder, "other.txt");
  await writeFile(other, "hello\n");
  for (const [args, expected, message] of [
    [["why", join(folder, "none"), "r1"], 1, /there is no such file/],
    [["why", folder, "r1"], 1, /it is a folder/],
    [["why", other, "r1"], 1, /is not a Trunkline recording/],
    [["why", newer, "r1"], 1, /newer|version 99/],
    [["why", file, "r999999"], 1, /999999/],
    [["why", file, "q7"], 2, /is not a request or connection/],
    [["why", file], 2, /needs a request or connection/],
    [["replay", file], 2, /needs a setting/],
    [["replay", file, "--set", "nonsense=1"], 2, /is not a pool setting/],
    [["replay", file, "--set", "idleTimeout=soon"], 2, /needs a number/],
    [["replay", file, "--set", "idleTimeout"], 2, /--set needs name=value/],
  ] as const) {
    const { code, stdout, stderr } = await runCli([...args]);
    assert.match(stderr, message);
    assert.match(stderr, /^trunkline: [^\n]+\n$/, args.join(" "));
    assert.deepEqual([code, stdout], [expected, ""], args.join(" "));
  }
});
