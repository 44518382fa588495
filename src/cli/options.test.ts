import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "./exit.js";
import { type OptionSpec, parseOptions } from "./options.js";

const specs: OptionSpec[] = [
  { name: "method", short: "X", value: "method", help: "" },
  { name: "header", short: "H", value: "name: value", repeat: true, help: "" },
  { name: "json-body", value: "json", help: "" },
  { name: "explain", help: "" },
  { name: "json", help: "" },
];

function refused(args: string[], expected: RegExp): void {
  assert.throws(
    () => parseOptions(args, specs),
    (error) => error instanceof UsageError && expected.test(error.message),
    args.join(" "),
  );
}

test("parseOptions: reads short, long, inline and repeated options and positionals in any order", () => {
  const options = parseOptions(
    ["-XPUT", "http://a/", "-H", "a: 1", "--header=b: 2", "--explain", "--json"],
    specs,
  );
  assert.deepEqual(options.positionals, ["http://a/"]);
  assert.equal(options.value("method"), "PUT");
  assert.deepEqual(options.values("header"), ["a: 1", "b: 2"]);
  assert.equal(options.has("explain"), true);
  assert.equal(options.has("json-body"), false);
  assert.equal(options.value("json-body"), undefined);
});

test("parseOptions: takes a value that begins with a dash", () => {
  assert.equal(parseOptions(["--json-body", "-1", "u"], specs).value("json-body"), "-1");
});

test("parseOptions: leaves what follows -- alone", () => {
  assert.deepEqual(parseOptions(["--", "--explain"], specs).positionals, ["--explain"]);
});

test("parseOptions: names an unknown option and what was probably meant", () => {
  refused(["--metod", "GET"], /unknown option --metod: did you mean --method\?/);
  refused(["--request", "GET"], /did you mean --method\?/);
  refused(["-x", "http://p"], /unknown option -x: did you mean --proxy http:\/\/p\?/);
  refused(["-N"], /-N: omit it/);
  refused(["--zzzzzz"], /unknown option --zzzzzz: --help lists/);
});

test("parseOptions: refuses a missing, a superfluous and a second value", () => {
  refused(["--method"], /--method needs a value: --method <method>/);
  refused(["--explain=yes"], /--explain takes no value, but got "yes"/);
  refused(["-X", "GET", "-X", "PUT"], /-X was given twice/);
});

test("parseOptions: recognises curl's --json and asks whether --json-body was meant", () => {
  refused(["--json", '{"a":1}', "http://a/"], /did you mean --json-body\?/);
  refused(['--json={"a":1}', "http://a/"], /did you mean --json-body\?/);
  refused(["--json", "[1]"], /did you mean --json-body\?/);
  refused(["--json", "@file.json"], /did you mean --json-body\?/);
  assert.equal(parseOptions(["--json", "http://a/"], specs).has("json"), true);
});
