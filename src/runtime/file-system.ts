/**
 * Node's `fs`, without importing it: an import of `node:fs` reads every member of the module, `promises` among them,
 * which loads two milliseconds of code that nobody here uses.
 */
export const fileSystem: typeof import("node:fs") = process.getBuiltinModule("node:fs");

/**
 * Opens a file for writing that only its owner may read, also where it existed and others could read it.
 *
 * @throws the system's error; one, too, where the file stays readable for others.
 */
export function openPrivate(path: string, flags: "w" | "a"): number {
  const { openSync, fstatSync, fchmodSync, closeSync } = fileSystem;
  const file = openSync(path, flags, 0o600);
  try {
    const found = fstatSync(file);
    // A pipe or a device is its maker's business, and Windows has no such bits.
    if (found.isFile() && (found.mode & 0o077) !== 0 && process.platform !== "win32") fchmodSync(file, 0o600);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}
