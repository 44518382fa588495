// axios follows redirects whose bodies are long; they are not the program's to read.
import axios from "axios";
import { serve, times } from "../server.mjs";

const server = await serve({
  handler(request, response) {
    if (request.url !== "/old") return response.end("ok");
    response.writeHead(302, { location: "/new" }).end("x".repeat(200_000));
  },
});
await times(8, () => axios.get(`${server.url}/old`));
server.close();
