// Bodies sent and read, two at once.
import { serve, times, together, turn } from "../server.mjs";

const server = await serve({
  handler(request, response) {
    request.pipe(response);
  },
});
await together(2, () =>
  times(20, async (index) => {
    const response = await fetch(server.url, { method: "POST", body: JSON.stringify({ index }) });
    if ((await response.json()).index !== index) throw new Error("another's answer");
    await turn();
  }),
);
server.close();
