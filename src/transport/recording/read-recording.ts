import { parseRecording, type ReadRecording } from "../../explain/index.js";
import { fileSystem } from "../../runtime/index.js";

/**
 * Reads a recording from a file, as `recordTo` writes it or as `JSON.stringify(transport.recording())` does.
 *
 * @throws RecordingError when it is no recording or a newer one; the system's error when it cannot be read.
 */
export async function readRecording(path: string): Promise<ReadRecording> {
  return parseRecording(await fileSystem.promises.readFile(path, "utf8"), path);
}
