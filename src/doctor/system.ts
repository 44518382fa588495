import { readdirSync, readFileSync } from "node:fs";

/** The state of a connection that waits for its end, in /proc/net/tcp. */
const TIME_WAIT = "06";
/** Destinations named. */
const NAMED = 3;

/** One connection of the system's table. */
interface TableRow {
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
  readonly state: string;
}

/** The figures that run out when connections are not reused, as far as Linux shows them of a running process. */
export class SystemFigures {
  #descriptors: { used: number; limit: number } | undefined;
  #rows: readonly TableRow[] = [];

  /** Looks at the processes; of descriptors the most that were seen count. */
  look(pids: readonly number[]): void {
    for (const pid of pids) {
      const seen = descriptorsOf(pid);
      if (seen !== undefined && seen.used >= (this.#descriptors?.used ?? 0)) this.#descriptors = seen;
    }
    this.#rows = tableOf(pids.find(isAlive));
  }

  /** A sentence for each figure that is known; of connections those to the ports of these origins. */
  lines(origins: readonly string[]): string[] {
    const ports = new Set(origins.flatMap(portOf));
    const rows = this.#rows.filter((row) => ports.has(row.remotePort));
    const waiting = counted(rows.filter((row) => row.state === TIME_WAIT));
    const total = [...waiting.values()].reduce((sum, count) => sum + count, 0);
    const named = busiest(waiting)
      .slice(0, NAMED)
      .map((remote) => `${waiting.get(remote)} to ${remote}`);
    const inUse = portsInUse(rows);
    const descriptors = this.#descriptors;
    return [
      ...(total > 0
        ? [
            `${total} ${total === 1 ? "connection of this machine to these ports is" : "connections of this machine to these ports are"} in TIME_WAIT (${named.join(", ")})`,
          ]
        : []),
      ...(inUse === undefined ? [] : [inUse]),
      ...(descriptors === undefined
        ? []
        : [`at most ${descriptors.used} of ${descriptors.limit} file descriptors in use by a process`]),
    ];
  }
}

/** How many local ports connections to the busiest destination take. */
function portsInUse(rows: readonly TableRow[]): string | undefined {
  const range = portRange();
  const [remote] = busiest(counted(rows));
  if (range === undefined || remote === undefined) return undefined;
  const [low, high] = range;
  const used = new Set(
    rows.flatMap((row) =>
      row.remote === remote && row.localPort >= low && row.localPort <= high ? [row.localPort] : [],
    ),
  ).size;
  return used === 0 ? undefined : `${used} of ${high - low + 1} local ports in use to ${remote}`;
}

function portOf(origin: string): number[] {
  if (!URL.canParse(origin)) return [];
  const { protocol, port } = new URL(origin);
  return protocol.startsWith("http") ? [port === "" ? (protocol === "https:" ? 443 : 80) : Number(port)] : [];
}

function isAlive(pid: number): boolean {
  return descriptorsOf(pid) !== undefined;
}

function descriptorsOf(pid: number): { used: number; limit: number } | undefined {
  try {
    const used = readdirSync(`/proc/${pid}/fd`).length;
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1];
    return limit === undefined ? undefined : { used, limit: Number(limit) };
  } catch {
    return undefined; // another system, another user's process, or over
  }
}

/** The connections of the network that a process is in: its container's, where it has one. */
function tableOf(pid: number | undefined): TableRow[] {
  const folder = pid === undefined ? "/proc/net" : `/proc/${pid}/net`;
  return ["tcp", "tcp6"].flatMap((name) => {
    try {
      return rowsOf(readFileSync(`${folder}/${name}`, "utf8"));
    } catch {
      return [];
    }
  });
}

/** The rows of /proc/net/tcp or tcp6 but for what listens. */
export function rowsOf(text: string): TableRow[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local = "", remote = "", state = ""] = line.trim().split(/\s+/);
      const localPort = Number.parseInt(local.split(":")[1] ?? "", 16);
      if (state === "" || state === "0A" || Number.isNaN(localPort)) return [];
      const remotePort = Number.parseInt(remote.split(":")[1] ?? "", 16);
      return [{ localPort, remote: addressOf(remote), remotePort, state }];
    });
}

/** `0100007F:1F90` is 127.0.0.1:8080: four bytes at a time, the last first. */
function addressOf(text: string): string {
  const [hex = "", port = "0"] = text.split(":");
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  const number = Number.parseInt(port, 16);
  const mapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === "00");
  const four = bytes.length === 4 ? bytes : mapped ? bytes.slice(12) : [];
  if (four.length === 4) return `${four.map((byte) => Number.parseInt(byte, 16)).join(".")}:${number}`;
  const groups = (bytes.join("").match(/.{4}/g) ?? []).map((group) =>
    Number.parseInt(group, 16).toString(16),
  );
  return `[${groups.join(":")}]:${number}`;
}

function portRange(): [number, number] | undefined {
  try {
    const [low, high] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/);
    return low === undefined || high === undefined ? undefined : [Number(low), Number(high)];
  } catch {
    return undefined;
  }
}

function counted(rows: readonly TableRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { remote } of rows) counts.set(remote, (counts.get(remote) ?? 0) + 1);
  return counts;
}

function busiest(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].sort((a, b) => b[1] - a[1]).map(([remote]) => remote);
}
