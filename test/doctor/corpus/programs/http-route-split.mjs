// One server under two names.
import { get, serve, times } from "../server.mjs";

const server = await serve({ host: "::" });
await times(8, (index) => get(index % 2 === 0 ? server.url : `http://localhost:${server.port}`));
server.close();
