import { allNames, explainName, type NamedExplanation } from "../../explain/index.js";
import type { Run } from "../command.js";
import type { Context } from "../context.js";
import { exitCode, UsageError } from "../exit.js";
import { suggest } from "../suggest.js";
import { wrap } from "../wrap.js";

/** `trunkline reason <name>`: of a dial, of a close, or both. */
export const reason: Run = (options, context) =>
  explain("reason", options.positionals[0] ?? "", options.has("json"), context);

/** `trunkline finding <name>`. */
export const finding: Run = (options, context) =>
  explain("finding", options.positionals[0] ?? "", options.has("json"), context);

type Topic = "reason" | "finding";

const isAbout = (topic: Topic, { of }: NamedExplanation): boolean =>
  (of === "finding") === (topic === "finding");

async function explain(topic: Topic, name: string, json: boolean, { stdout }: Context): Promise<number> {
  const found = name === "list" ? allNames().filter((one) => isAbout(topic, one)) : lookUp(topic, name);
  if (json) {
    await stdout.line(JSON.stringify(found, undefined, 2));
    return exitCode.ok;
  }
  const width = Math.min(100, stdout.style.columns);
  for (const [index, one] of found.entries()) {
    if (name === "list") {
      await stdout.line(`${one.name} (${WHAT[one.of]})`);
      continue;
    }
    if (index > 0) await stdout.line();
    await stdout.line(`${stdout.style.paint("bold", one.name)}: ${WHAT[one.of]}`);
    for (const [title, text] of [
      ["Meaning", one.meaning],
      ["Usual cause", one.cause],
      ["Remedy", one.remedy],
      ["How sure", one.certainty],
    ] as const) {
      if (text === undefined) continue;
      for (const [line, words] of wrap(text, width - 14).entries())
        await stdout.line(`  ${(line === 0 ? title : "").padEnd(12)}${words}`);
    }
  }
  return exitCode.ok;
}

const WHAT: Readonly<Record<NamedExplanation["of"], string>> = {
  dial: "why a connection was opened",
  close: "why a connection was closed",
  finding: "a finding",
};

function lookUp(topic: Topic, name: string): NamedExplanation[] {
  const found = explainName(name).filter((one) => isAbout(topic, one));
  if (found.length > 0) return found;
  const other = topic === "reason" ? "finding" : "reason";
  if (explainName(name).length > 0)
    throw new UsageError(`"${name}" is a ${other}: trunkline ${other} ${name} explains it`);
  const meant = suggest(
    name,
    allNames()
      .filter((one) => isAbout(topic, one))
      .map((one) => one.name),
  );
  const hint = meant === undefined ? `trunkline ${topic} list prints every name` : `did you mean ${meant}?`;
  throw new UsageError(`there is no ${topic} "${name}": ${hint}`);
}
