import { grouped } from "../../errors/index.js";
import { inShort } from "../../explain/index.js";
import { Client, defaultTransport, type Response, Transport } from "../../index.js";
import {
  concurrencies,
  LARGE_REQUESTS,
  REQUESTS,
  type Reasons,
  type Scenario,
  type Session,
} from "./scenario.js";
import { largePath } from "./servers.js";

/** A limit on each call, as the question's code had one; no run comes near it. */
const timeout = 30_000;

/** What is done with an answer. */
type Use = (response: Response, kept: Response[]) => unknown;

const read: Use = (response) => response.text();
const leave: Use = (response, kept) => kept.push(response);
const cancel: Use = (response) => response.body?.cancel();

interface Pattern {
  readonly name: string;
  readonly large?: boolean;
  readonly use: Use;
  /** The clients of one run: which one a request goes through, and the transports behind them. */
  clients(): { next(): Client; readonly transports: Transport[] };
}

/** A client each over the one default transport: the question's own situation. */
const clientEach: Pattern["clients"] = () => ({
  next: () => new Client({ timeout }),
  transports: [],
});

/** One client over the given transport, or the default one. */
function oneClient(transport?: Transport): ReturnType<Pattern["clients"]> {
  const client = new Client(transport === undefined ? { timeout } : { timeout, transport });
  return { next: () => client, transports: transport === undefined ? [] : [transport] };
}

const patterns: readonly Pattern[] = [
  { name: "new client each", use: read, clients: clientEach },
  { name: "one shared client", use: read, clients: () => oneClient() },
  {
    name: "shared, idle cap 2",
    use: read,
    clients: () => oneClient(new Transport({ maxIdleConnectionsPerOrigin: 2 })),
  },
  {
    name: "new transport each",
    use: read,
    clients: () => {
      const transports: Transport[] = [];
      const next = (): Client => {
        const transport = new Transport();
        transports.push(transport);
        return new Client({ timeout, transport });
      };
      return { next, transports };
    },
  },
  { name: "small bodies unread", use: leave, clients: clientEach },
  { name: "large bodies unread", large: true, use: leave, clients: () => oneClient(new Transport()) },
  { name: "large bodies cancelled", large: true, use: cancel, clients: () => oneClient(new Transport()) },
];

/** Trunkline's rows, under the names of the contract. */
export const trunklineScenarios: readonly Scenario[] = patterns.flatMap((pattern) =>
  concurrencies.map((concurrency) => ({
    name: pattern.name,
    client: "trunkline" as const,
    concurrency,
    requests: pattern.large === true ? Math.max(LARGE_REQUESTS, concurrency) : REQUESTS,
    prepare: (origin: string) => session(pattern, origin, concurrency),
  })),
);

function session(pattern: Pattern, origin: string, concurrency: number): Session {
  const { next, transports } = pattern.clients();
  const url = `${origin}${pattern.large === true ? largePath : "/"}`;
  const kept: Response[] = [];
  const owners = (): Transport[] => (transports.length > 0 ? transports : [defaultTransport]);
  return {
    send: async () => {
      await pattern.use(await next().post(url, { form: { data: "hello" } }), kept);
    },
    reasons: () => reasonsOf(owners(), origin, concurrency),
    end: () => {
      for (const transport of transports) transport.destroy();
      kept.length = 0;
    },
  };
}

/** What the transports say of one origin, added up. */
function reasonsOf(transports: readonly Transport[], origin: string, concurrency: number): Reasons {
  const openedFor: Reasons["openedFor"] = {};
  const closed: Reasons["closed"] = {};
  let held = 0;
  for (const transport of transports) {
    const report = transport.explain().origins.find((entry) => entry.origin === origin);
    if (report !== undefined) {
      addTo(openedFor, report.openedFor);
      addTo(closed, report.closed);
    }
    held += transport.snapshot().origins.find((entry) => entry.origin === origin)?.active ?? 0;
  }
  return { openedFor, closed, words: inWords(openedFor, closed, held, concurrency) };
}

function addTo<Name extends string>(
  sum: Partial<Record<Name, number>>,
  counts: Partial<Record<Name, number>>,
): void {
  for (const [name, count] of Object.entries(counts) as [Name, number][])
    sum[name] = (sum[name] ?? 0) + count;
}

/** The greatest reason of each kind: the table has a line for it, the JSON has all the counts. */
function inWords(
  openedFor: Reasons["openedFor"],
  closed: Reasons["closed"],
  held: number,
  concurrency: number,
): string {
  const parts: string[] = [];
  const [opened] = ranked(openedFor);
  if (opened !== undefined) {
    const [reason, count] = opened;
    if (reason === "all-busy" && count < concurrency && held === 0)
      parts.push("one for each concurrent request");
    else if (reason !== "first-use") parts.push(inShort("dial", reason));
    else if (count > 1) parts.push("a new transport has no connections to reuse");
    else parts.push("the one connection was free again each time");
  }
  const [ended] = ranked(closed);
  if (ended !== undefined) parts.push(`${grouped(ended[1])} closed: ${inShort("close", ended[0])}`);
  if (held > 0) parts.push(`${grouped(held)} held by unread bodies`);
  return parts.join("; ");
}

/** Counts by reason, the greatest first. */
function ranked<Reason extends string>(counts: Partial<Record<Reason, number>>): [Reason, number][] {
  const entries = Object.entries(counts) as [Reason, number][];
  return entries.filter(([, count]) => count > 0).sort(([, left], [, right]) => right - left);
}
