import { type Command, commonOptions } from "./command.js";
import { commands } from "./commands/index.js";
import { exitCode } from "./exit.js";
import type { OptionSpec } from "./options.js";
import { wrap } from "./wrap.js";

const endings = `Exit codes: ${exitCode.ok} done, ${exitCode.failed} failed, ${exitCode.usage} usage error, ${exitCode.held} a --fail-if condition was met, ${exitCode.interrupted} interrupted.`;

/** The help of the program: its commands and how they end. */
export function programHelp(): string[] {
  return [
    "trunkline: an HTTP client whose connections explain themselves",
    "",
    "Usage:",
    ...commands.map((command) => `  ${command.usage}`),
    "",
    "Commands:",
    ...columns(commands.map((command) => [command.name, command.summary])),
    "",
    "trunkline <command> --help lists a command's options; --version prints the version.",
    endings,
  ];
}

/** The help of one command. */
export function commandHelp(command: Command): string[] {
  const options = [...command.options, ...commonOptions];
  return [
    `Usage: ${command.usage}`,
    "",
    `${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.`,
    "",
    "Options:",
    ...columns(options.map((option) => [flag(option), option.help])),
    "",
    ...(command.notes ?? []),
    endings,
  ];
}

function flag(option: OptionSpec): string {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  const value = option.value === undefined ? "" : ` <${option.value}>`;
  return `${short}--${option.name}${value}`;
}

/** Two columns, the second wrapped so that a line stays within 100 characters. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const indent = Math.max(...rows.map(([left]) => left.length)) + 4;
  return rows.flatMap(([left, right]) =>
    wrap(right, 100 - indent).map((line, index) =>
      index === 0 ? `  ${left.padEnd(indent - 2)}${line}` : " ".repeat(indent) + line,
    ),
  );
}
