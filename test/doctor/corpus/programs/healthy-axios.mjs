// axios as it comes: Node's global agent keeps connections.
import axios from "axios";
import { serve, times, turn } from "../server.mjs";

const server = await serve();
await times(30, async () => {
  await axios.post(server.url, { a: 1 });
  await turn();
});
server.close();
