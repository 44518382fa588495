// superagent as it comes: `agent: false`, so a connection for each request.
import superagent from "superagent";
import { serve, times } from "../server.mjs";

const server = await serve();
await times(12, () => superagent.get(server.url));
server.close();
