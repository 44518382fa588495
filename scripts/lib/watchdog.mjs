// Loaded into each test file's process: a file that does not end (a leaked socket or timer keeps it alive, which
// newer test runners wait for without limit) fails and says what held it.
const limit = Number(process.env.TRUNKLINE_FILE_TIMEOUT ?? 120_000);

if (process.env.NODE_TEST_CONTEXT) {
  setTimeout(() => {
    const held = process.getActiveResourcesInfo().join(", ") || "a loop that never ends";
    console.error(`${process.argv[1]} did not end within ${limit} ms; what keeps it alive: ${held}.`);
    process.exit(1);
  }, limit).unref();
}

// A proxy of the machine must not come between tests and their servers.
for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"]) {
  delete process.env[name];
  delete process.env[name.toLowerCase()];
}
