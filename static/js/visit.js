// The visit form while somebody types: class, referral, next date and why, what closes and what
// stays open, the panel that stops at danger, "same as last time", a draft, and saving without
// losing anything. The page works without this file: then "看结果" asks the server.
import { answersOf, assess, marks, stepName, unmeasured } from "./ladder.js";

const HEAD = ["csrf_token", "uid", "resident", "task", "corrects", "visit_date", "way",
  "late_reason", "reason", "danger_handled", "fill"];
const DAY = 86_400_000;
const form = document.getElementById("visit-form");
const data = JSON.parse(document.getElementById("visit-data")?.textContent ?? "null");
const byId = (id) => document.getElementById(id);

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function listOf(tag, texts) {
  const list = make(tag);
  list.append(...texts.map((text) => make("li", text)));
  return list;
}

// --- what is typed --------------------------------------------------------------------------

function answers() {
  const found = {};
  for (const [name, value] of new FormData(form)) {
    if (HEAD.includes(name) || value === "") continue;
    const many = form.querySelector(`[name="${CSS.escape(name)}"][data-many]`);
    found[name] = many ? [...(found[name] ?? []), value] : value;
  }
  return found;
}

function kaseFor(programme) {
  return {
    birth: data.birth,
    visit_date: form.elements.visit_date.value || data.today,
    way: new FormData(form).get("way"),
    answers: answers(),
    facts: data.facts[programme.code] ?? {},
    history: data.history,
    referral_open: data.referralOpen[programme.code],
  };
}

// The first three by name, as the server names them.
function labelsOf(fields) {
  const named = fields.slice(0, 3).map((field) => field.label).join("、");
  return fields.length > 3 ? `${named}等 ${fields.length} 项` : named;
}

function judge(programme) {
  const kase = kaseFor(programme);
  const missing = unmeasured(programme, kase.answers);
  if (missing.length) return { lacks: labelsOf(missing) };
  try {
    const found = assess(programme, kase);
    return { name: programme.name, ...found, tone: toneOf(found), words: nextWords(programme, kase, found) };
  } catch (refusal) {
    if (!refusal.field) throw refusal;
    return { refused: refusal.message };
  }
}

// The class's tone; in a programme without classes the referral's.
function toneOf({ referral, tone }) {
  if (referral === "urgent") return "danger";
  return tone || (referral === "routine" ? "warn" : "good");
}

function nextWords(programme, kase, { next, closes }) {
  const own = programme.kind_words ?? {};
  const words = next.map(({ kind, due }) => {
    const step = kind === "regular" ? stepName(programme, kase, due) : "";
    return `${dayWords(due)}前${step || own[kind] || data.words.next[kind]}`;
  });
  return closes ? [...words, `${words.length ? "办完后" : ""}结束管理：${closes}`] : words;
}

// --- what comes of it -----------------------------------------------------------------------

const utc = (text) => Date.parse(`${text}T00:00:00Z`);

// 12月5日, 2027年2月21日, or a moment by the clock on the wall: 11月23日14:30. Moments come with
// the offset they were typed in, which is the country's.
function dayWords(text) {
  const [year, month, day] = text.slice(0, 10).split("-").map(Number);
  const short = `${month}月${day}日${text.slice(11, 16)}`;
  return String(year) === data.today.slice(0, 4) ? short : `${year}年${short}`;
}

function resultPart(title, texts) {
  const [part, words] = [make("div"), make("p")];
  words.append(...texts.map((text) => make("span", text, "step")));
  part.append(make("h3", title), words);
  return part;
}

function resultOf(programme, found, alone) {
  const box = make("section", "", `result is-${found.tone || "plain"}`);
  box.dataset.result = programme.code;
  if (found.refused || found.lacks) {
    const lacks = `没有${found.lacks}：${programme.visit_name}仍未完成。`;
    const refused = alone ? found.refused : `${programme.name}：${found.refused}`;
    box.append(make("p", found.refused ? refused : lacks, "why"));
    return box;
  }
  if (found.class !== null) {
    const title = alone ? "此次分类" : programme.name;
    box.append(resultPart(title, [`${found.class} ${found.class_label}`]));
  } else if (!alone) box.append(make("h3", programme.name, "whose"));
  box.append(
    resultPart("转诊", [data.words.referral[found.referral]]),
    resultPart("下次", found.words),
    make("p", `因为：${found.because.join("；")}。`, "why"),
  );
  if (found.advice.length) box.append(Object.assign(listOf("ul", found.advice), { className: "advice" }));
  return box;
}

// What a task of this kind still lacks: a yearly examination has needs of its own.
function lacksFor(task, found) {
  const programme = data.programmes.find((one) => one.code === task.programme);
  if (task.kind !== "exam" || !programme.exam) return found.lacks;
  const held = answersOf(programme, answers());
  const needs = programme.exam.needs.filter((code) => (held[code] ?? "") === "");
  return labelsOf(needs.map((code) => programme.fields.find((field) => field.code === code)));
}

const isOwed = (task, found) =>
  (found.next ?? []).some(({ kind, due }) => kind === task.kind && due.slice(0, 10) === task.due);

function closingOf(results) {
  const [closes, stays, done] = [[], [], new Set()];
  const visitDay = utc(form.elements.visit_date.value || data.today);
  for (const task of data.tasks) {
    const found = results.get(task.programme);
    const key = `${task.programme} ${task.kind}`;
    if (task.kind === "referral_fu") stays.push(`${task.name}，要联系后登记转诊结果`);
    else if (!found || !data.closable.includes(task.kind)) stays.push(`${task.name}，要另外办理`);
    else if (lacksFor(task, found)) stays.push(`没有${lacksFor(task, found)}：${task.name}仍未完成`);
    else if (isOwed(task, found)) stays.push(`${task.name}，${data.words.tooSoon}`);
    else if (found.refused) stays.push(`${task.name}，${found.refused}`);
    else if (done.has(key)) stays.push(`${task.name}（${dayWords(task.due)}到期），一次随访只完成最早的一项`);
    else {
      const days = Math.round((visitDay - utc(task.due)) / DAY);
      const early = task.earlyUntil && visitDay < utc(task.earlyUntil) ? data.words.early : "";
      const remark = days > 0 ? `逾期 ${days} 天，记为补访` : early;
      closes.push(remark ? `${task.name}（${remark}）` : task.name);
      done.add(key);
    }
  }
  return { closes, stays };
}

function closingBox(kind, title, texts) {
  const box = make("div", "", kind);
  box.append(make("strong", title), listOf("ul", texts));
  return box;
}

function showDanger(found) {
  const panel = byId("danger");
  const texts = [...new Set(found.flatMap((one) => one.danger ?? []))];
  const wasHidden = panel.hidden;
  panel.hidden = !texts.length;
  if (!texts.length) byId("danger-handled").checked = false;
  byId("danger-found").textContent = texts.join("、");
  const steps = [...new Set(found.flatMap((one) => one.danger_steps ?? []))];
  byId("danger-steps").replaceChildren(...steps.map((text) => make("li", text)));
  if (wasHidden && texts.length) panel.scrollIntoView({ block: "center" });
  byId("save").disabled = texts.length > 0 && !byId("danger-handled").checked;
}

function showMarks() {
  const tones = Object.assign({}, ...data.programmes.map((p) => marks(p, kaseFor(p))));
  for (const input of form.querySelectorAll("input.reading")) {
    const tone = tones[input.dataset.field];
    input.classList.toggle("tone-warn", tone === "warn");
    input.classList.toggle("tone-danger", tone === "danger");
  }
}

function showBmi() {
  for (const output of form.querySelectorAll("[data-bmi]")) {
    const [kg, cm] = output.dataset.bmi.split(",").map((name) => Number(form.elements[name]?.value));
    output.textContent = kg > 0 && cm > 0 ? (Math.round((kg * 1e5) / (cm * cm)) / 10).toFixed(1) : "—";
  }
}

const inputsOf = (slot) => [...slot.querySelectorAll("input, textarea")];
const isChoice = (input) => input.type === "checkbox" || input.type === "radio";
const isFilled = (slot) => inputsOf(slot).some((input) => (isChoice(input) ? input.checked : input.value));

function clear(slot) {
  for (const input of inputsOf(slot)) {
    if (isChoice(input)) input.checked = false;
    else input.value = "";
  }
}

// Fields that follow another answer. What was filled is emptied only by changing that answer, and
// then what follows the emptied one is emptied as well; what was stored otherwise stays in sight.
function showFollowers(changed) {
  const touched = new Set([changed]);
  for (const slot of form.querySelectorAll("[data-follows]")) {
    const given = [answers()[slot.dataset.follows]].flat().map(String);
    const asked = slot.dataset.values.split(",").some((value) => given.includes(value));
    if (!asked && touched.has(slot.dataset.follows)) {
      for (const input of inputsOf(slot)) touched.add(input.name);
      clear(slot);
    }
    slot.hidden = !asked && !isFilled(slot);
    const help = form.querySelector(`[data-help="${slot.querySelector("[id]")?.id}"]`);
    if (help) help.hidden = slot.hidden;
  }
  hideEmpty(".visit-row", ".slot");
  hideEmpty("details.fold", ".visit-row");
  const days = (utc(data.today) - utc(form.elements.visit_date.value || data.today)) / DAY;
  byId("late").hidden = days <= data.lateDays;
}

// A row whose fields all wait for another answer is not there, nor a fold of such rows.
function hideEmpty(outer, inner) {
  for (const box of form.querySelectorAll(outer)) {
    const parts = [...box.querySelectorAll(inner)];
    if (parts.length) box.hidden = parts.every((part) => part.hidden);
  }
}

// The result in a few words beside the save button, wherever the page is scrolled to.
function showBrief(found) {
  const brief = byId("brief");
  const judged = found.filter((one) => one.next);
  brief.hidden = !judged.length;
  const tones = judged.map((one) => one.tone);
  brief.className = `brief is-${["danger", "warn", "good"].find((tone) => tones.includes(tone))}`;
  brief.replaceChildren(...judged.map((one) => {
    const name = judged.length > 1 || one.class === null ? one.name : "";
    const level = one.class === null ? "" : `${one.class} ${one.class_label}`;
    const referral = one.referral === "none" ? "" : `· ${data.words.referral[one.referral]}`;
    return make("span", [name, level, referral, "·", one.words[0]].filter(Boolean).join(" "));
  }));
}

// A programme behind a closed fold says nothing until something of it is typed.
function shownProgrammes() {
  return data.programmes.filter((programme) => {
    const part = form.querySelector(`[data-programme="${programme.code}"]`);
    return part.tagName !== "DETAILS" || part.open || !judge(programme).lacks;
  });
}

function update(changed = "") {
  showFollowers(changed);
  showMarks();
  showBmi();
  const shown = shownProgrammes();
  const results = new Map(data.programmes.map((programme) => [programme.code, judge(programme)]));
  const boxes = shown.map((p) => resultOf(p, results.get(p.code), shown.length === 1));
  const { closes, stays } = closingOf(results);
  const closing = make("div", "", "closing");
  if (closes.length) closing.append(closingBox("closes", "将完成", closes));
  if (stays.length) closing.append(closingBox("stays", "仍待办", stays));
  byId("result").replaceChildren(...boxes, closing);
  showDanger([...results.values()]);
  showBrief([...results.values()]);
}

// --- small helps ----------------------------------------------------------------------------

function onlyOne(input) {
  if (!input.dataset.exclusive || !input.checked) return;
  for (const other of form.querySelectorAll(`[name="${CSS.escape(input.name)}"]`)) {
    const alone = input.value === input.dataset.exclusive || other.value === input.dataset.exclusive;
    if (other !== input && alone) other.checked = false;
  }
}

function fillPart(part) {
  for (const input of part.querySelectorAll("[data-last]")) {
    if (input.type === "radio") input.checked = true;
    else input.value = input.dataset.last;
  }
  part.querySelector(".unchanged .done").hidden = false;
}

// A number that can take no further digit hands on to the next one.
function handOn(input) {
  const field = data.programmes.flatMap((p) => p.fields).find((f) => f.code === input.dataset.field);
  if (field?.kind !== "integer" || !field.core || input !== document.activeElement) return;
  const value = Number(input.value);
  const full = input.value.length >= String(field.max).length || value * 10 > field.max;
  if (!full || !(value >= field.min && value <= field.max)) return;
  const readings = [...form.querySelectorAll(".is-core input.reading")];
  readings[readings.indexOf(input) + 1]?.focus();
}

// The key at the lower right of a number pad goes to the next reading, it never sends.
function nextOnEnter(event) {
  if (event.key !== "Enter" || !event.target.matches("input.reading")) return;
  event.preventDefault();
  const readings = [...form.querySelectorAll("input.reading")].filter((i) => i.offsetParent);
  (readings[readings.indexOf(event.target) + 1] ?? event.target).focus();
}

// --- draft ----------------------------------------------------------------------------------

const PREFIX = "visit-draft:";
const note = (text) => { byId("draft-note").textContent = text; };

function saveDraft() {
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrf_token");
  const { resident, corrects = "" } = form.dataset;
  sessionStorage.setItem(PREFIX + form.elements.uid.value, JSON.stringify({ resident, corrects, fields }));
  note("草稿已存在本机");
}

function findDraft() {
  for (const key of Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX))) {
    const draft = JSON.parse(sessionStorage.getItem(key));
    const same = draft.resident === form.dataset.resident && draft.corrects === (form.dataset.corrects ?? "");
    if (same) return draft;
  }
  return null;
}

function restore(draft) {
  for (const input of form.elements) {
    if (!input.name || input.name === "csrf_token") continue;
    const values = draft.fields.filter(([name]) => name === input.name).map(([, value]) => value);
    if (input.type === "checkbox" || input.type === "radio") input.checked = values.includes(input.value);
    else if (input.type !== "submit" && values.length) input.value = values[0];
  }
  note("已恢复上次没保存的草稿");
}

export function dropDrafts(resident, uid) {
  for (const key of Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX))) {
    const draft = JSON.parse(sessionStorage.getItem(key));
    if (key === PREFIX + uid || draft.resident === resident) sessionStorage.removeItem(key);
  }
}

// --- saving ---------------------------------------------------------------------------------

function showErrors(errors) {
  for (const place of form.querySelectorAll("[data-error-for]")) {
    const text = errors[place.dataset.errorFor] ?? errors[place.dataset.errorFor.split(".").pop()];
    place.textContent = text ?? "";
    place.hidden = !text;
    place.closest(".visit-row")?.classList.toggle("has-error", Boolean(text));
    if (text) for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
  }
  const shown = [...form.querySelectorAll("[data-error-for]")].map((p) => p.dataset.errorFor);
  const known = (name) => shown.some((one) => one === name || one.split(".").pop() === name);
  const loose = Object.entries(errors).filter(([name]) => !known(name)).map(([, text]) => text);
  byId("loose-errors").replaceChildren(...loose.map((text) => make("p", text)));
  byId("loose-errors").hidden = !loose.length;
  form.querySelector(".has-error, #loose-errors:not([hidden])")?.scrollIntoView({ block: "center" });
}

function toast(text) {
  byId("toast").textContent = text;
  byId("toast").hidden = false;
  byId("toast").scrollIntoView({ block: "nearest" });
  note(text);
}

async function send() {
  byId("save").disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
    });
    const type = answer.headers.get("Content-Type") ?? "";
    const said = type.includes("json") ? await answer.json() : {};
    if (answer.ok && said.url) {
      dropDrafts(form.dataset.resident, form.elements.uid.value);
      location.assign(said.url);
      return;
    }
    if (said.errors) showErrors(said.errors);
    else if (answer.status === 401 || answer.redirected) toast("登录已过期，填的内容存在本机，重新登录后再打开这一页。");
    else toast(said.error ?? "服务器没有答应。填的内容都还在，请再按一次。");
  } catch {
    toast("没有网络。填的内容都还在，有信号后再按一次保存。");
  }
  byId("save").disabled = false;
}

function start() {
  const draft = findDraft();
  if (draft) restore(draft);
  form.querySelector("[data-preview]").hidden = true;
  form.addEventListener("input", (event) => {
    if (event.target.matches("input.reading")) handOn(event.target);
    if (event.target.type === "checkbox") onlyOne(event.target);
    update(event.target.name);
    saveDraft();
  });
  form.addEventListener("keydown", nextOnEnter);
  form.addEventListener("toggle", () => update(), true);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.matches("[data-enter]")) return;
    const fill = event.submitter?.closest("[data-fill]");
    if (fill) {
      fillPart(fill.closest("[data-programme]"));
      update();
      saveDraft();
    } else send();
  });
  for (const tab of document.querySelectorAll("[data-tab]")) {
    tab.addEventListener("click", () => {
      const part = byId(tab.dataset.tab);
      if (part.tagName === "DETAILS") part.open = true;
      for (const other of document.querySelectorAll("[data-tab]")) other.removeAttribute("aria-current");
      tab.setAttribute("aria-current", "true");
    });
  }
  update();
}

const saved = document.querySelector("[data-saved]");
if (saved) dropDrafts(saved.dataset.resident, saved.dataset.saved);
if (form && data) start();
