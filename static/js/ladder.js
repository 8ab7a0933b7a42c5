// The ladder of a programme in the browser: the same data, the same answers as
// familydoc/rules/ladder.py. Every number, line and word comes from the programme's JSON;
// tests/rules/cases is run through both. No dependency, no clock, no time zone.

const BLANK = "—";
const TOKEN = /\{(previous\.)?([a-z_0-9]+)(:span|:weeks)?\}/g;
const NUMBER = /^-?[0-9]{1,80}(?:\.[0-9]{1,20})?$/;
const ISO_DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const FULL_WIDTH = { "．": ".", "。": ".", "－": "-", "＋": "+", "／": "/" };
const INVISIBLE = /[\u200b\u200c\u200d\u2060\ufeff\u3000\u00a0 \t\r\n]/g;
const SEPARATORS = /[,，、;；\s]+/;
const YES = ["1", "true", "on", "yes", "是", "有"];
const NO = ["0", "false", "off", "no", "否", "无"];
const INSTANT = /^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(Z|[+-][0-9]{2}:[0-9]{2})?$/;
const DATE_SHAPES = [
  /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})$/,
  /^([0-9]{4})\/([0-9]{1,2})\/([0-9]{1,2})$/,
  /^([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})$/,
  /^([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日$/,
  /^([0-9]{4})([0-9]{2})([0-9]{2})$/,
];
// The one zone of the country: what a clock on the wall says without an offset.
const SHANGHAI = "+08:00";
// A step counts as done by a visit this many days before it, as its task's window.
const STEP_OPENS_DAYS = 30;

export class RuleError extends Error {
  constructor(code, message, field) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

// --- calendar: whole days since 1970-01-01 as civil dates, never a local Date ---------------

export function parseDate(text) {
  const match = typeof text === "string" ? ISO_DATE.exec(text) : null;
  if (!match) return null;
  const [year, month, day] = match.slice(1).map(Number);
  if (year < 1900 || year > 2200 || month < 1 || month > 12) return null;
  if (day < 1 || day > monthLength(year, month)) return null;
  return { year, month, day };
}

export function writeDate({ year, month, day }) {
  return `${String(year).padStart(4, "0")}-${pad(month)}-${pad(day)}`;
}

const pad = (number) => String(number).padStart(2, "0");

function monthLength(year, month) {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}

export function addMonths({ year, month, day }, months) {
  const index = year * 12 + month - 1 + months;
  const [y, m] = [Math.floor(index / 12), (index % 12) + 1];
  return { year: y, month: m, day: Math.min(day, monthLength(y, m)) };
}

export function addDays(date, days) {
  return civilDate(dayNumber(date) + days);
}

// Days since 1970-01-01, of the proleptic Gregorian calendar, without a Date.
function dayNumber({ year, month, day }) {
  const y = month > 2 ? year : year - 1;
  const inEra = y - Math.floor(y / 400) * 400;
  const inYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const ofEra = inEra * 365 + Math.floor(inEra / 4) - Math.floor(inEra / 100) + inYear;
  return Math.floor(y / 400) * 146097 + ofEra - 719468;
}

function civilDate(number) {
  const z = number + 719468;
  const era = Math.floor(z / 146097);
  const ofEra = z - era * 146097;
  const part = ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36524) - Math.floor(ofEra / 146096);
  const inEra = Math.floor(part / 365);
  const inYear = ofEra - (365 * inEra + Math.floor(inEra / 4) - Math.floor(inEra / 100));
  const index = Math.floor((5 * inYear + 2) / 153);
  const day = inYear - Math.floor((153 * index + 2) / 5) + 1;
  const month = index < 10 ? index + 3 : index - 9;
  return { year: inEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

export function monthsOn(birth, day) {
  const months = (day.year - birth.year) * 12 + day.month - birth.month;
  return writeDate(addMonths(birth, months)) <= writeDate(day) ? months : months - 1;
}

export function ageOn(birth, day) {
  const before = day.month < birth.month || (day.month === birth.month && day.day < birth.day);
  return day.year - birth.year - (before ? 1 : 0);
}

// --- typed text to values -------------------------------------------------------------------

export function typedText(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Math.abs(value) < 1e21 ? String(value) : bigText(value);
  return halfWidth(String(value).replace(INVISIBLE, ""));
}

function halfWidth(text) {
  return text
    .replace(/[０-９]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/[．。－＋／]/g, (c) => FULL_WIDTH[c]);
}

// A number so large that String() would write an exponent.
function bigText(value) {
  return Number.isFinite(value) ? String(BigInt(value)) : "";
}

// A decimal text rounded half away from zero, digit by digit, so that 6.95 is 7.0 and not 6.9.
function roundText(text, decimals) {
  const [, sign, whole, fraction = ""] = /^(-?)([0-9]+)(?:\.([0-9]*))?$/.exec(text);
  const kept = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, "0"));
  const up = (fraction[decimals] ?? "0") >= "5" ? 1n : 0n;
  const digits = String(kept + up).padStart(decimals + 1, "0");
  const cut = digits.length - decimals;
  return sign + digits.slice(0, cut) + (decimals ? `.${digits.slice(cut)}` : "");
}

function plainNumber(value, decimals) {
  return roundText(String(value), decimals);
}

function exactText(value) {
  if (typeof value !== "string" && typeof value !== "number") return null;
  const text = typedText(value);
  return NUMBER.test(text) ? text : null;
}

function refuse(field, code, text) {
  return new RuleError(code, `${field.label}${text}`, field.code);
}

function parseNumber(field, value) {
  const text = exactText(value);
  const decimals = field.decimals ?? 0;
  if (text === null) {
    const middle = plainNumber(Math.trunc((field.min + field.max) / 2), decimals);
    throw refuse(field, "number_invalid", `应填数字，例如 ${middle}`);
  }
  const number = Number(text);
  if (!(number >= field.min && number <= field.max)) {
    const bounds = `${plainNumber(field.min, decimals)} 到 ${plainNumber(field.max, decimals)}`;
    const plain = text.replace(/^(-?)0+(?=[0-9])/, "$1");
    const shown = plain.length <= 12 ? plain : `${plain.slice(0, 12)}…`;
    const hint = field.beyond && number > field.max ? `，${field.beyond}` : "";
    throw refuse(field, "out_of_range", `应在 ${bounds} 之间，填的是 ${shown}${hint}`);
  }
  if (field.kind === "decimal") return Number(roundText(text, decimals));
  if (!Number.isInteger(number)) throw refuse(field, "not_whole", "只填整数，不带小数点");
  return number;
}

function parseChoice(field, value) {
  const text = ["string", "number"].includes(typeof value) ? typedText(value) : null;
  const choice = field.choices.find(
    (c) => text !== null && (String(c.code) === text || typedText(c.label) === text),
  );
  if (choice) return choice.code;
  const words = field.choices.map((c) => c.label).join("、");
  throw refuse(field, "choice_unknown", `要从这几项里选：${words}`);
}

function parseMulti(field, value) {
  const split = typeof value === "string" ? value.trim().split(SEPARATORS) : value;
  const parts = Array.isArray(split) ? split : [split];
  const chosen = parts.filter((part) => part !== "").map((part) => parseChoice(field, part));
  if (chosen.includes(field.exclusive) && new Set(chosen).size > 1) {
    const word = field.choices.find((c) => c.code === field.exclusive).label;
    throw refuse(field, "choice_exclusive", `选了“${word}”，就不能再选别的`);
  }
  const codes = field.choices.map((c) => c.code).filter((code) => chosen.includes(code));
  return codes.length ? codes : null;
}

function parseFlag(field, value) {
  if (value === null || typeof value === "boolean") return value;
  const text = ["string", "number"].includes(typeof value) ? typedText(value).toLowerCase() : "";
  if (![...YES, ...NO].includes(text)) throw refuse(field, "flag_invalid", "只能填是或否");
  return YES.includes(text);
}

// Digits may be full width: phones and input methods write them so.
function instantParts(value) {
  const text = typeof value === "string" ? halfWidth(value.trim()).replace("：", ":") : "";
  const match = INSTANT.exec(text);
  const day = match ? parseDate(match[1]) : null;
  if (!day) return null;
  const [hour, minute, second] = [match[2], match[3], match[4] ?? 0].map(Number);
  const zone = match[5] === "Z" ? "+00:00" : (match[5] ?? SHANGHAI);
  const valid = hour < 24 && minute < 60 && second < 60;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  return valid && hours <= 14 && minutes < 60 ? { day, hour, minute, second, zone } : null;
}

function writeInstant({ day, hour, minute, second, zone }, whole = false) {
  const clock = [hour, minute, ...(second || whole ? [second] : [])].map(pad).join(":");
  return `${writeDate(day)}T${clock}${zone.replace(/^-00:00$/, "+00:00")}`;
}

function parseInstant(field, value) {
  const parts = instantParts(value);
  if (!parts) throw refuse(field, "instant_invalid", "应是日期和时间，例如 2026-03-05 14:30");
  return writeInstant(parts);
}

// A date as people write one; false and fractions are none.
function parseDateAnswer(field, value) {
  const typed = typeof value === "string" || Number.isInteger(value) ? typedText(value) : "";
  const match = DATE_SHAPES.map((shape) => shape.exec(typed)).find(Boolean);
  const text = match ? [match[1], pad(Number(match[2])), pad(Number(match[3]))].join("-") : "";
  if (!parseDate(text)) throw refuse(field, "date_invalid", "应是日期，例如 2026-03-05");
  return text;
}

const PARSERS = {
  date: parseDateAnswer,
  instant: parseInstant,
  integer: parseNumber,
  decimal: parseNumber,
  choice: parseChoice,
  multi: parseMulti,
  flag: parseFlag,
};

// One answer as it is stored, null when left empty; throws RuleError with the field's code.
// Notes are no part of any condition: the server looks at them.
export function parseAnswer(field, value) {
  if (typeof value === "string" && !typedText(value)) return null;
  const parser = PARSERS[field.kind];
  return parser ? parser(field, value) : value;
}

// --- conditions -----------------------------------------------------------------------------

const COMPARISONS = {
  ">=": (a, b) => a >= b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  "<": (a, b) => a < b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

function daysBetween(first, last) {
  const days = [first, last].map((text) => parseDate(typeof text === "string" ? text.slice(0, 10) : null));
  return days[0] && days[1] ? dayNumber(days[1]) - dayNumber(days[0]) : null;
}

const isMissing = (value) => value === null || value === undefined;
const isPlain = (value) => !isMissing(value) && !Array.isArray(value);
const sameKind = (a, b) => isPlain(a) && isPlain(b) && typeof a === typeof b;

// One whole number as a share of another, one decimal half up, in whole numbers throughout.
function percent(part, whole) {
  if (!Number.isInteger(part) || !Number.isInteger(whole) || !whole) return null;
  return Math.floor((2000 * part + whole) / (2 * whole)) / 10;
}

// Rounded to six places, so that a sum of decimals is the one that Python finds.
function total(operator, parts) {
  if (parts.some((part) => typeof part !== "number")) return null;
  const found = operator === "-" ? parts[0] - parts[1] : parts.reduce((sum, part) => sum + part, 0);
  return Number(found.toFixed(6));
}

function evaluate(condition, now, before) {
  if (typeof condition === "string") return now(condition);
  if (!Array.isArray(condition)) return condition;
  const [operator, ...operands] = condition;
  const value = (operand) => evaluate(operand, now, before);
  const truth = (operand) => value(operand) === true;
  if (operator === "and") return operands.every(truth);
  if (operator === "or") return operands.some(truth);
  if (operator === "not") return !truth(operands[0]);
  if (operator === "previous") return before(operands[0]);
  if (operator === "if") return value(operands[truth(operands[0]) ? 1 : 2]);
  if (operator === "+" || operator === "-") return total(operator, operands.map(value));
  const left = value(operands[0]);
  if (operator === "days_since") return daysBetween(left, now("visit_date"));
  if (operator === "percent") return percent(left, value(operands[1]));
  if (operator === "has") return Array.isArray(left) && left.includes(operands[1]);
  if (operator === "in") return operands[1].some((x) => sameKind(left, x) && left === x);
  const right = value(operands[1]);
  return sameKind(left, right) && COMPARISONS[operator](left, right);
}

// --- one visit as conditions and sentences see it -------------------------------------------

class Reading {
  constructor(names, answers, facts, previous) {
    Object.assign(this, { names, answers, facts, previous });
  }

  value(name) {
    const { parameters, derived } = this.names;
    if (name in this.facts) return this.facts[name];
    if (name in parameters) return parameters[name].value;
    if (name in derived) return this.evaluate(derived[name].value);
    return this.answers[name];
  }

  before(name) {
    return this.previous ? this.previous.value(name) : null;
  }

  evaluate(condition) {
    return evaluate(condition, (name) => this.value(name), (name) => this.before(name));
  }

  holds(condition) {
    return this.evaluate(condition) === true;
  }

  phrases(name) {
    return this.trueTexts((this.names.phrases ?? []).filter((phrase) => phrase.name === name));
  }

  trueTexts(texts) {
    return texts.filter((one) => this.holds(one.when)).map((one) => this.say(one.text));
  }

  say(text) {
    return text.replace(TOKEN, (_, before, name, span) => {
      if (this.isPhrase(name)) return this.phrases(name).join("、");
      const value = before ? this.before(name) : this.value(name);
      if (span && typeof value === "number") return span === ":span" ? spanOf(value) : weeksOf(value);
      return wordOf(value, this.decimals(name));
    });
  }

  isPhrase(name) {
    return this.names.phrases.some((phrase) => phrase.name === name);
  }

  decimals(name) {
    const { fields, parameters, derived } = this.names;
    return (fields[name] ?? parameters[name] ?? derived[name])?.decimals ?? 0;
  }

  hasSomethingToSay(text) {
    const used = [...text.matchAll(TOKEN)].map((m) => m[2]).filter((n) => this.isPhrase(n));
    return !used.length || used.some((name) => this.phrases(name).length);
  }
}

function wordOf(value, decimals) {
  if (!isPlain(value)) return BLANK;
  if (typeof value === "boolean") return value ? "是" : "否";
  return typeof value === "number" ? plainNumber(value, decimals) : String(value);
}

function spanOf(days) {
  return days && days % 7 === 0 ? `${days / 7} 周` : `${days} 天`;
}

// Days as weeks of gestation.
function weeksOf(days) {
  const [weeks, rest] = [Math.floor(days / 7), days - Math.floor(days / 7) * 7];
  return rest ? `${weeks} 周 ${rest} 天` : `${weeks} 周`;
}

// --- the case -------------------------------------------------------------------------------

function tableOf(list, key) {
  const pairs = list.map((item) => [item[key], item]);
  return Object.assign(Object.create(null), Object.fromEntries(pairs));
}

function namesOf(programme) {
  return {
    parameters: Object.assign(Object.create(null), programme.parameters),
    fields: tableOf(programme.fields, "code"),
    derived: tableOf(programme.derived ?? [], "name"),
    phrases: programme.phrases ?? [],
  };
}

// The answers that count for one programme, by plain code; its own ones win.
export function answersOf(programme, answers) {
  const held = {};
  for (const { code } of programme.fields) {
    const own = `${programme.code}.${code}`;
    const key = Object.hasOwn(answers, own) ? own : code;
    if (Object.hasOwn(answers, key)) held[code] = answers[key];
  }
  return held;
}

export function missingMeasurements(programme, answers) {
  const held = answersOf(programme, answers);
  return programme.fields.filter((f) => f.needed && (isMissing(held[f.code]) || held[f.code] === ""));
}

// What is missing for a visit to count for a programme at all.
export function unmeasured(programme, answers) {
  const held = answersOf(programme, answers);
  const counts = (field) => field.needed || (programme.measured_by ?? []).includes(field.code);
  return programme.fields.filter((f) => counts(f) && (isMissing(held[f.code]) || held[f.code] === ""));
}

function judgedAnswers(programme, raw) {
  const held = answersOf(programme, raw);
  const parsed = {};
  for (const field of programme.fields) {
    const value = held[field.code];
    if (!(field.code in held) || field.kind === "bmi" || (value === null && field.needed)) continue;
    const answer = parseAnswer(field, value);
    if (!isMissing(answer)) parsed[field.code] = answer;
  }
  return parsed;
}

function caseDate(kase, key) {
  const day = parseDate(kase[key]);
  if (day) return day;
  throw new RuleError("date_invalid", `${key} 应是存在的日期，写成 2026-03-05`, key);
}

function raiseMissing(programme, answers) {
  const missing = missingMeasurements(programme, answers);
  if (!missing.length) return;
  const labels = missing.map((field) => field.label).join("、");
  const text = `缺${labels}，填了才能评估${programme.name}`;
  throw new RuleError("missing", text, missing[0].code);
}

function raiseImpossible(programme, answers, facts) {
  const reading = new Reading(namesOf(programme), answers, facts, null);
  const failed = (programme.checks ?? []).find((check) => reading.holds(check.when));
  if (failed) throw new RuleError("impossible", reading.say(failed.text), failed.field);
}

// The answers of an earlier visit; an unreadable note of then does not stop the visit of today.
function pastAnswers(programme, raw) {
  const needed = programme.fields.filter((f) => f.needed).map((f) => f.code);
  const kept = Object.entries(answersOf(programme, raw)).filter(
    ([code, value]) => needed.includes(code) || isReadable(programme, code, value),
  );
  return judgedAnswers(programme, Object.fromEntries(kept));
}

function isReadable(programme, code, value) {
  try {
    judgedAnswers(programme, { [code]: value });
    return true;
  } catch {
    return false;
  }
}

// Numbers before words, the higher of two answers last.
function compareAnswers(a, b) {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "string" ? 1 : -1;
}

// Earlier dates with all needed measurements, oldest first; of two on one date the higher last.
function pastReadings(programme, kase, visitDate) {
  const codes = programme.fields.filter((f) => f.needed).map((f) => f.code);
  const order = (a, b) =>
    (a.day < b.day ? -1 : a.day > b.day ? 1 : 0) ||
    codes.map((c) => compareAnswers(a.answers[c], b.answers[c])).find((order) => order !== 0) ||
    0;
  return (kase.history ?? [])
    .map((past) => ({ day: writeDate(caseDate(past, "visit_date")), raw: withFacts(kase, past) }))
    .filter((past) => past.day < visitDate && !unmeasured(programme, past.raw).length)
    .map((past) => ({ day: past.day, answers: pastAnswers(programme, past.raw) }))
    .sort(order);
}

function chain(programme, kase, answers) {
  const [names, birth, visit] = [namesOf(programme), caseDate(kase, "birth"), caseDate(kase, "visit_date")];
  let previous = null;
  for (const past of pastReadings(programme, kase, writeDate(visit))) {
    previous = new Reading(names, past.answers, factsOn(birth, parseDate(past.day)), previous);
  }
  const facts = { ...factsOn(birth, visit), referral_open: kase.referral_open === true, way: wayOf(kase) };
  const reading = new Reading(names, answers, facts, previous);
  for (const [name, schedule] of Object.entries(programme.schedules ?? {})) {
    const anchor = parseDate(reading.value(schedule.anchor));
    facts[`${name}_next`] = (anchor && nextStep(schedule, anchor, visit)?.name) || null;
  }
  return reading;
}

function factsOn(birth, day) {
  return {
    age: ageOn(birth, day),
    age_months: monthsOn(birth, day),
    birth: writeDate(birth),
    visit_date: writeDate(day),
    referral_open: false,
    way: null,
  };
}

function wayOf(kase) {
  const way = Number(kase.way ?? NaN);
  return Number.isInteger(way) ? way : null;
}

// What is known since the person was taken in; an answer of the visit comes first.
function withFacts(kase, visit) {
  return { ...(kase.facts ?? {}), ...(visit.answers ?? {}) };
}

// --- when an obligation falls due (familydoc/rules/dues.py) ------------------------------------

function nextStep(schedule, anchor, visit) {
  const today = writeDate(visit);
  return schedule.steps.find((step) => writeDate(stepOpens(step, anchor)) > today);
}

function stepDue(step, anchor) {
  return step.months === undefined ? addDays(anchor, step.days ?? 0) : addMonths(anchor, step.months);
}

function stepOpens(step, anchor) {
  if (step.opens_months !== undefined) return addMonths(anchor, step.opens_months);
  if (step.opens_days !== undefined) return addDays(anchor, step.opens_days);
  return addDays(stepDue(step, anchor), -STEP_OPENS_DAYS);
}

// The name of the schedule's step that is due on a day, empty where none is.
export function stepName(programme, kase, due) {
  const held = withFacts(kase, kase);
  for (const schedule of Object.values(programme.schedules ?? {})) {
    const anchor = parseDate(schedule.anchor === "birth" ? kase.birth : held[schedule.anchor]);
    const step = anchor && schedule.steps.find((one) => writeDate(stepDue(one, anchor)) === due);
    if (step) return step.name;
  }
  return "";
}

function known(programme, name, reading) {
  const held = reading.value(name);
  if (typeof held === "string") return held;
  const { label } = reading.names.fields[name];
  throw new RuleError("missing", `缺${label}，填了才能评估${programme.name}`, name);
}

// The due date or instant of an obligation, never before the visit; null when a schedule is over.
function dueOn(programme, step, visit, reading) {
  const period = (given) => (typeof given === "string" ? programme.parameters[given].value : given);
  const notBefore = (day) => (writeDate(day) < writeDate(visit) ? writeDate(visit) : writeDate(day));
  if (step.schedule !== undefined) {
    const schedule = programme.schedules[step.schedule];
    const anchor = parseDate(known(programme, schedule.anchor, reading));
    const found = nextStep(schedule, anchor, visit);
    return found ? notBefore(stepDue(found, anchor)) : null;
  }
  if (step.hours !== undefined) {
    const parts = instantParts(known(programme, step.since, reading));
    const hours = parts.hour + period(step.hours);
    const day = addDays(parts.day, Math.floor(hours / 24));
    const due = { ...parts, day, hour: hours % 24 };
    return writeDate(day) < writeDate(visit) ? writeDate(visit) : writeInstant(due, true);
  }
  const start = step.since === undefined ? visit : parseDate(known(programme, step.since, reading));
  if (step.months !== undefined) return notBefore(addMonths(start, period(step.months)));
  return notBefore(addDays(start, period(step.days)));
}

// The decision of DESIGN section 6; throws RuleError naming what is missing or out of range.
// `programme` is the programme's JSON with the county's parameters already in it.
export function assess(programme, kase) {
  const visit = caseDate(kase, "visit_date");
  const birth = caseDate(kase, "birth");
  if (writeDate(visit) < writeDate(birth)) {
    throw new RuleError("before_birth", "随访日期早于出生日期", "visit_date");
  }
  const answers = judgedAnswers(programme, withFacts(kase, kase));
  raiseMissing(programme, answers);
  raiseImpossible(programme, answers, factsOn(birth, visit));
  const reading = chain(programme, kase, answers);
  const line = programme.ladder.find((one) => reading.holds(one.when));
  const found = (programme.classes ?? []).find((one) => reading.holds(one.when));
  const panel = programme.danger_panel;
  const danger = panel ? reading.phrases(panel.found) : [];
  const dues = line.next.map((step) => [step, dueOn(programme, step, visit, reading)]);
  const over = dues.find(([step, due]) => step.schedule !== undefined && due === null);
  return {
    class: found ? found.value : null,
    referral: line.referral,
    next: dues.filter(([, due]) => due !== null).map(([step, due]) => ({ kind: step.kind, due })),
    because: line.because.filter((t) => reading.hasSomethingToSay(t)).map((t) => reading.say(t)),
    advice: reading.trueTexts(programme.advice ?? []),
    danger,
    danger_steps: danger.length ? panel.steps.map((step) => reading.say(step)) : [],
    class_label: found ? found.label : "",
    tone: found ? (danger.length ? "danger" : (found.tone ?? "")) : "",
    line: line.name,
    missing: programme.fields.filter((f) => f.expected && !(f.code in answers)).map((f) => f.code),
    closes: line.closes || (over ? programme.schedules[over[0].schedule].end : ""),
  };
}

// How readings look while they are typed: {code: tone}; what cannot be read has no mark.
export function marks(programme, kase) {
  const reading = typedReading(programme, kase);
  const found = {};
  for (const mark of reading ? (programme.marks ?? []) : []) {
    if (!(mark.field in found) && reading.holds(mark.when)) found[mark.field] = mark.tone;
  }
  return found;
}

// What is worked out of the answers so far, such as a score: {code: sentence}, empty ones too.
export function outputs(programme, kase) {
  const reading = typedReading(programme, kase);
  const shown = (one) => reading && reading.holds(one.when) && reading.hasSomethingToSay(one.text);
  const pairs = (programme.outputs ?? []).map((one) => [one.field, shown(one) ? reading.say(one.text) : ""]);
  return Object.fromEntries(pairs);
}

// What can be read of a form that is not finished; null without its dates.
function typedReading(programme, kase) {
  const held = answersOf(programme, kase.answers);
  const readable = Object.entries(held).filter(([code, value]) => isReadable(programme, code, value));
  const answers = judgedAnswers(programme, Object.fromEntries(readable));
  const [birth, visit] = [parseDate(kase.birth), parseDate(kase.visit_date)];
  return birth && visit ? new Reading(namesOf(programme), answers, factsOn(birth, visit), null) : null;
}
