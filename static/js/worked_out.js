// What a form works out while somebody types, such as the self-care score: beside the field that
// the programme's file names. The page works without this file: the result says it after saving.
import { outputs } from "./ladder.js";

const form = document.getElementById("visit-form");
const data = JSON.parse(document.getElementById("visit-data")?.textContent ?? "null");

function kase() {
  const answers = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  return { birth: data.birth, visit_date: answers.visit_date ?? data.today, answers };
}

function placeFor(code) {
  const row = form.querySelector(`[data-field="${CSS.escape(code)}"]`)?.closest(".visit-row");
  if (!row) return null;
  const found = row.querySelector("output.found") ?? document.createElement("output");
  found.className = "found";
  row.querySelector(".visit-inputs").append(found);
  return found;
}

function show() {
  const typed = kase();
  for (const programme of data.programmes) {
    for (const [code, text] of Object.entries(outputs(programme, typed))) {
      const place = placeFor(code);
      if (place) [place.textContent, place.hidden] = [text, !text];
    }
  }
}

if (form && data) {
  form.addEventListener("input", show);
  show();
}
