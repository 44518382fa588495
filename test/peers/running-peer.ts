import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CertificateAuthority } from "../../src/testing/index.js";
import { BIG, FILES } from "./files.js";
import type { Logged, Peer, Site } from "./peer.js";

/** Milliseconds until a peer that does not answer counts as broken. */
const PATIENCE = 10_000;

/** A peer that runs, with its configuration and log in a folder that goes with it. */
export class RunningPeer implements AsyncDisposable {
  readonly site: Site;
  readonly #peer: Peer;
  #child: ChildProcess;
  readonly #syslog: UdpSocket | undefined;
  readonly #sent: string[] = [];
  #output = "";

  private constructor(peer: Peer, site: Site, syslog: UdpSocket | undefined) {
    this.#peer = peer;
    this.site = site;
    this.#syslog = syslog;
    syslog?.on("message", (message) => void this.#sent.push(message.toString()));
    this.#child = this.#spawn();
  }

  #spawn(): ChildProcess {
    const [program = "", ...words] = this.#peer.command(this.site);
    const child = spawn(program, words, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, HOME: this.site.folder },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data: Buffer) => {
        this.#output += data.toString();
      });
    }
    child.on("error", (error) => {
      this.#output += error.message;
    });
    return child;
  }

  static async start(peer: Peer, backendPort: number, authority: CertificateAuthority): Promise<RunningPeer> {
    const folder = mkdtempSync(join(tmpdir(), `peer-${peer.name}-`));
    chmodSync(folder, 0o755);
    const site = {
      folder,
      root: join(folder, "root"),
      certificates: join(folder, "tls"),
      backendPort,
      ...(await freePorts()),
    };
    writeSite(site, authority);
    for (const [name, content] of Object.entries(peer.files(site)))
      writeFileSync(join(folder, name), content);
    let syslog: UdpSocket | undefined;
    if (peer.name === "haproxy") {
      syslog = createSocket("udp4");
      await new Promise<void>((resolve) => syslog?.bind(site.port + 3, "127.0.0.1", resolve));
    }
    const running = new RunningPeer(peer, site, syslog);
    await running.#up();
    return running;
  }

  /** Tells it to reload; resolves when it was told, not when it has. */
  async reload(): Promise<void> {
    const { reload } = this.#peer;
    if (typeof reload === "string") {
      this.#child.kill(reload);
      return;
    }
    const [program = "", ...words] = reload(this.site);
    const child = spawn(program, words, { stdio: "ignore", env: { ...process.env, HOME: this.site.folder } });
    const code = await new Promise((resolve) => child.once("exit", resolve));
    if (code !== 0) throw new Error(`${program} ${words.join(" ")} ended with ${code}`);
  }

  /** Kills it, and starts it again. */
  async restart(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.kill("SIGKILL");
    await gone;
    this.#child = this.#spawn();
    await this.#up();
  }

  /** What it has said on its outputs. */
  get output(): string {
    return this.#output;
  }

  async #up(): Promise<void> {
    const { ports = ["port", "shortPort", "tlsPort"] } = this.#peer;
    for (const port of ports) await this.#listening(this.site[port]);
  }

  /** The requests of a path that were logged, once there are so many. */
  async logged(path: string, count: number): Promise<readonly Logged[]> {
    for (const end = performance.now() + PATIENCE; ; await sleep(20)) {
      const found = this.#lines()
        .map((line) => this.#peer.parseLine(line))
        .filter((entry) => entry?.path === path) as Logged[];
      if (found.length >= count) return found;
      if (performance.now() > end)
        throw new Error(`${this.#peer.name} logged ${found.length} of ${count} requests for ${path}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) {
      const gone = new Promise((resolve) => this.#child.once("exit", resolve));
      this.#child.kill("SIGTERM");
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), 3_000);
      await gone;
      clearTimeout(timer);
    }
    if (this.#syslog !== undefined) this.#syslog.close();
    rmSync(this.site.folder, { recursive: true, force: true });
  }

  #lines(): string[] {
    if (this.#syslog !== undefined) return this.#sent;
    // Buffered logs (lighttpd) are written out on a signal that reopens them.
    if (this.#peer.name === "lighttpd") this.#child.kill("SIGHUP");
    try {
      return readFileSync(join(this.site.folder, "access.log"), "utf8").split("\n");
    } catch {
      return [];
    }
  }

  async #listening(port: number): Promise<void> {
    for (const end = performance.now() + PATIENCE; ; await sleep(20)) {
      const open = await new Promise<boolean>((resolve) => {
        const socket = connect(port, "127.0.0.1");
        socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
        socket.once("connect", () => socket.destroy());
      });
      if (open) return;
      if (this.#child.exitCode !== null || performance.now() > end) {
        throw new Error(
          `${this.#peer.name} does not listen on port ${port}: ${this.#output || this.#errorLog()}`,
        );
      }
    }
  }

  #errorLog(): string {
    try {
      return readFileSync(join(this.site.folder, "error.log"), "utf8");
    } catch {
      return "it said nothing";
    }
  }
}

function writeSite(site: Site, authority: CertificateAuthority): void {
  mkdirSync(join(site.root, "secret"), { recursive: true });
  mkdirSync(site.certificates);
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(site.root, name), content);
  writeFileSync(join(site.root, "big.bin"), Buffer.alloc(BIG));
  const { key, cert } = authority.issue({ names: ["127.0.0.1", "localhost"] });
  writeFileSync(join(site.certificates, "server.crt"), cert);
  writeFileSync(join(site.certificates, "server.key"), key);
  writeFileSync(join(site.certificates, "server.pem"), cert + key);
  writeFileSync(join(site.certificates, "ca.crt"), authority.cert);
}

/** Four ports in a row that nothing listens on: plain, short, TLS, and one for the peer's own use. */
async function freePorts(): Promise<{ port: number; shortPort: number; tlsPort: number }> {
  const free = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const server = createServer();
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    // Below the range from which the system draws ports of its own.
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const all = await Promise.all([0, 1, 2, 3].map((offset) => free(port + offset)));
    if (all.every(Boolean)) return { port, shortPort: port + 1, tlsPort: port + 2 };
  }
  throw new Error("found no four free ports in a row");
}
