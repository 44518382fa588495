import { parseRecording, type ReadRecording } from "../../explain/index.js";
import { fileSystem } from "../../runtime/index.js";

/**
 * Reads a recording from a file, in the form that `recordTo` or `JSON.stringify(transport.recording())` gives.
 *
 * @throws RecordingError when the file is not a recording, or of a newer version; the system's error when it cannot be
 *   read.
 */
export async function readRecording(path: string): Promise<ReadRecording> {
  return parseRecording(await fileSystem.promises.readFile(path, "utf8"), path);
}
