import { fileSystem, openPrivate } from "../../runtime/index.js";

/**
 * Appends TLS session keys to a file, readable by its owner alone. Written at once, so that the key is there
 * when a packet analyser needs it; a file that cannot be written costs a warning, not the connection.
 */
export class KeyLog {
  readonly #path: string;
  #warned = false;

  constructor(path: string) {
    this.#path = path;
  }

  append(line: Uint8Array): void {
    try {
      const file = openPrivate(this.#path, "a");
      try {
        fileSystem.writeSync(file, line);
      } finally {
        fileSystem.closeSync(file);
      }
    } catch (error) {
      if (this.#warned) return;
      this.#warned = true;
      const reason = error instanceof Error ? error.message : String(error);
      process.emitWarning(`TLS session keys are not logged: ${reason}; check the path given as tls.keylog`, {
        code: "TRUNKLINE_KEYLOG",
      });
    }
  }
}
