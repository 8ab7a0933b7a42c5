// Reads {programmes: [...], cases: [{programme: index, case}]} from standard input, runs
// static/js/ladder.js over every case and prints one list of decisions or refusals.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ladder = new URL("../../static/js/ladder.js", import.meta.url);
const source = readFileSync(fileURLToPath(ladder), "utf8");
const { assess } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
const { programmes, cases } = JSON.parse(readFileSync(0, "utf8"));

function judge(one) {
  try {
    return assess(programmes[one.programme], one.case);
  } catch (refusal) {
    if (!refusal.code) throw refusal;
    return { refused: refusal.field, code: refusal.code, message: refusal.message };
  }
}

process.stdout.write(JSON.stringify(cases.map(judge)));
