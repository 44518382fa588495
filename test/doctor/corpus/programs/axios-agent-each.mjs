// An axios instance with an agent of its own for each request.
import http from "node:http";
import axios from "axios";
import { serve, times } from "../server.mjs";

const server = await serve();
await times(12, () => axios.create({ httpAgent: new http.Agent({ keepAlive: true }) }).get(server.url));
server.close();
