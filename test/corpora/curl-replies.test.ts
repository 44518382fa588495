import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { Client, Transport } from "../../src/index.js";
import { WireServer } from "../../src/testing/index.js";
import { type CurlCase, readCurlCases, withLineEnds } from "./curl/curl-case.js";
import { interpret } from "./curl/curl-command.js";
import { CurlServer } from "./curl/curl-server.js";
import { curlAll } from "./curl/curl-transfers.js";
import { RULED } from "./curl/rulings.js";
import { type Ending, type Place, transferAll } from "./curl/trunkline-transfers.js";
import { corpus } from "./folder.js";

const folder = corpus("curl-replies");
const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const skip =
  folder === undefined
    ? "the curl replies are not here (TRUNKLINE_CORPORA)"
    : !hasCurl
      ? "curl, whose word counts here, is not installed"
      : false;

/** A folder for the files of one run. */
async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const place = mkdtempSync(join(tmpdir(), "curl-case-"));
  try {
    return await work(place);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Runs a case by one of the two clients, each with a server and files of its own. */
function run(
  which: CurlCase,
  perform: (place: Place, folder: string) => Promise<Ending[] | undefined>,
): Promise<Ending[] | undefined> {
  return withFolder(async (files) => {
    await using server = await CurlServer.start(which);
    const fill = (text: string): string => server.fill(text, files);
    for (const [name, content] of which.files) {
      const file = fill(name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, Buffer.from(fill(content), "latin1"));
    }
    const endings = await perform({ port: server.server.port, fill, stdin: which.stdin ?? "" }, files);
    // Redirects name the port, so bodies may.
    const named = (text: string): string =>
      text.replaceAll(String(server.server.port), "PORT").replaceAll(files, "FOLDER");
    return endings?.map((ending) =>
      ending.body === undefined ? ending : { ...ending, body: named(ending.body) },
    );
  });
}

/** What is compared: an error is an error, whatever it is called and whatever had arrived. */
const essence = ({ error, status, body }: Ending): object =>
  error === undefined ? { status, body } : { error: true };

describe("curl replies", { skip }, () => {
  const cases = folder === undefined ? [] : readCurlCases(folder);
  let agreed = 0;
  let ruled = 0;
  const uncounted = new Map<string, number>();
  const doesNotCount = (context: TestContext, why: string): void => {
    uncounted.set(why, (uncounted.get(why) ?? 0) + 1);
    context.skip(`does not count: ${why}`);
  };

  test("readCurlCases: finds them all, and every ruling names one of them", () => {
    assert.equal(cases.length, 290);
    const names = new Set(cases.map(({ name }) => name));
    for (const name of Object.keys(RULED)) assert.ok(names.has(name), name);
  });

  for (const which of cases) {
    test(`${which.name}: ${which.title}`, async (context) => {
      const plan = interpret(which.command);
      if ("skip" in plan) return doesNotCount(context, plan.skip);
      if (which.environment) return doesNotCount(context, "variables of curl's environment");
      const theirs = await run(which, (place, files) => curlAll(plan.groups, files, place));
      if (theirs === undefined) return doesNotCount(context, "an option that this curl lacks");
      const ours = await run(which, (place) => transferAll(plan.groups, plan.transfers, place));
      const ruling = RULED[which.name];
      const message = `${which.command}\nours: ${JSON.stringify(ours)}\ncurl: ${JSON.stringify(theirs)}`;
      if (ruling === undefined) {
        assert.deepEqual(ours?.map(essence), theirs.map(essence), message);
        agreed += 1;
      } else {
        assert.notDeepEqual(
          ours?.map(essence),
          theirs.map(essence),
          `no difference where there is a ruling: ${ruling}`,
        );
        ruled += 1;
      }
    });
  }

  test("as they are written, with bare line feeds: every reply is refused", async () => {
    let refused = 0;
    await using server = await WireServer.start();
    await using transport = new Transport();
    const client = new Client({ transport, redirect: "manual", decompress: false, timeout: 5_000 });
    for (const { name, replies } of cases) {
      const reply = replies.get("") ?? "";
      if (reply === withLineEnds(reply) || !/^HTTP\/1/.test(reply)) continue;
      server.script(async (connection) => {
        await connection.readRequest();
        await connection.reply(Buffer.from(reply, "latin1"));
        await connection.end();
      });
      await assert.rejects(client.get(server.url()).text(), { name: "NetworkError" }, name);
      refused += 1;
    }
    assert.ok(refused > 150, `only ${refused} have bare line feeds`);
  });

  after(() => {
    const counted = agreed + ruled;
    const rest = [...uncounted].map(([why, count]) => `${count} ${why}`).join(", ");
    console.log(
      `curl replies: ${agreed} of ${counted} agree with curl (${((100 * agreed) / counted).toFixed(1)} %), ${ruled} are ruled otherwise; not counted: ${rest}`,
    );
  });
});
