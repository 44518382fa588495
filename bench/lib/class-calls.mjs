/** Calls of the classes that the platform has too. */
export const classCalls = ({ Request, Headers, Response }) => ({
  newRequest: () =>
    new Request("https://api.example.com/users?page=2", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: '{"name":"Ada"}',
    }),
  newHeaders: () =>
    new Headers({
      accept: "application/json",
      "content-type": "application/json",
      "x-request-id": "42",
      authorization: "Bearer t",
    }).get("x-request-id"),
  responseJson: () => Response.json({ id: 42, name: "Ada" }),
});
