import type { Finding, Transport } from "../../src/index.js";
import type { World } from "../transport/support.js";

export interface Provocation {
  /** Brings it about; the transport's report must then have the finding. */
  provoke(world: World): Promise<Transport>;
  /** What else must hold. */
  check?(finding: Finding): void;
}
