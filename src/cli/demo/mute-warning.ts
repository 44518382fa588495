/** The code of the warning that a transport is made for each request, which is what one scenario does on purpose. */
const PER_REQUEST = "TRUNKLINE_TRANSPORT_PER_REQUEST";

/** Keeps that one warning from being printed in the middle of the demo; every other one is printed as ever. */
export function muteTransportWarning(): { end(): void } {
  const printers = process.listeners("warning");
  process.removeAllListeners("warning");
  const listener = (warning: Error & { code?: string }): void => {
    if (warning.code === PER_REQUEST) return;
    for (const print of printers) print.call(process, warning);
  };
  process.on("warning", listener);
  return {
    end: () => {
      process.off("warning", listener);
      for (const print of printers) process.on("warning", print);
    },
  };
}
