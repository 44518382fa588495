import { type Command, commonOptions } from "./command.js";
import { commands, defaultCommand } from "./commands/index.js";
import type { Context } from "./context.js";
import { CommandFailure, exitCode, UsageError } from "./exit.js";
import { commandHelp, programHelp } from "./help.js";
import { parseOptions } from "./options.js";
import { packageOf } from "./package.js";
import { suggest } from "./suggest.js";
import { printable } from "./terminal.js";

/** Runs the program on its arguments and resolves to its exit code. It never rejects for what a user did. */
export async function run(args: readonly string[], context: Context): Promise<number> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    if (error instanceof UsageError) {
      await complain(context, error.message);
      return exitCode.usage;
    }
    if (error instanceof CommandFailure) {
      await complain(context, error.message);
      return exitCode.failed;
    }
    throw error;
  }
}

async function dispatch(args: readonly string[], context: Context): Promise<number> {
  const { command, rest } = choose(args);
  if (command === undefined) {
    if (rest[0] === "--version") {
      await context.stdout.line(packageOf(context.program).version);
      return exitCode.ok;
    }
    if (rest[0] === "--help" || rest[0] === "-h" || rest[0] === "help") {
      await context.stdout.line(programHelp().join("\n"));
      return exitCode.ok;
    }
    await context.stderr.line(programHelp().join("\n"));
    return exitCode.usage;
  }
  if (wantsHelp(rest)) {
    await context.stdout.line(commandHelp(command).join("\n"));
    return exitCode.ok;
  }
  const options = parseOptions(
    rest,
    [...command.options, ...commonOptions],
    command.takesProgram === true ? command.name : undefined,
  );
  // Before the arguments are counted: "demoo" is a slip in a command's name, not a URL.
  const [first] = options.positionals;
  if (command.name === defaultCommand && first !== undefined && /^[a-z-]+$/i.test(first)) {
    const meant = suggest(
      first,
      commands.map(({ name }) => name),
    );
    if (meant !== undefined) throw new UsageError(`there is no command "${first}": did you mean ${meant}?`);
  }
  checkPositionals(command, options.positionals);
  const act = await command.load();
  return act(options, context);
}

/** The command a command line names, which may come after switches every command has. */
function choose(args: readonly string[]): { command?: Command; rest: readonly string[] } {
  const switches = args.findIndex((argument) => argument !== "--json");
  const at = switches === -1 ? args.length : switches;
  const named = commands.find((command) => command.name === args[at]);
  if (named !== undefined) return { command: named, rest: [...args.slice(0, at), ...args.slice(at + 1)] };
  const [first, second] = args.slice(at);
  if (first === "help" && second !== undefined) {
    const about = commands.find((command) => command.name === second);
    if (about === undefined)
      throw new UsageError(`there is no command "${second}": trunkline --help lists them`);
    return { command: about, rest: ["--help"] };
  }
  if (
    first === undefined ||
    first === "--version" ||
    first === "help" ||
    (args.length === 1 && wantsHelp(args))
  ) {
    return { rest: first === undefined ? [] : [first] };
  }
  return { command: commands.find((command) => command.name === defaultCommand)!, rest: args };
}

function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end === -1 ? args : args.slice(0, end)).some(
    (argument) => argument === "--help" || argument === "-h",
  );
}

function checkPositionals(command: Command, given: readonly string[]): void {
  const missing = command.positionals[given.length];
  if (missing !== undefined) {
    const article = /^[aeio]/.test(missing) ? "an" : "a";
    throw new UsageError(`trunkline ${command.name} needs ${article} ${missing}: ${command.usage}`);
  }
  const extra = given[command.positionals.length];
  if (extra !== undefined) {
    throw new UsageError(`trunkline ${command.name} does not take "${extra}": ${command.usage}`);
  }
}

async function complain({ stderr }: Context, message: string): Promise<void> {
  await stderr.line(`${stderr.style.paint("red", "trunkline:")} ${printable(message)}`);
}
