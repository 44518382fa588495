import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf } from "./system.js";

test("rowsOf: reads addresses, ports and states of the system's table, and leaves out what listens", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000
   1: 0100007F:EA60 0100007F:1F90 06 00000000:00000000
   2: 0000000000000000FFFF00000100007F:EA61 0000000000000000FFFF00000100007F:01BB 01 00000000:00000000
`;
  assert.deepEqual(rowsOf(table), [
    { localPort: 60_000, remote: "127.0.0.1:8080", remotePort: 8080, state: "06" },
    { localPort: 60_001, remote: "127.0.0.1:443", remotePort: 443, state: "01" },
  ]);
  assert.deepEqual(rowsOf(""), []);
});
