// The signature field: strokes go as JSON into a hidden input and come back out of it after an error.
const form = document.querySelector("form:has([data-drawing])");
const input = form.querySelector("[data-drawing]");
const box = form.querySelector("[data-pad]");
const canvas = box.querySelector("canvas");
const methods = [...form.querySelectorAll("[name=method]")];
const MOST_POINTS = 6000;
const STEP = 2; // shorter moves are the tremble of a hand, not ink

let drawing = { w: 0, h: 0, strokes: [] };
let stroke = null;

const read = () => {
  try { return JSON.parse(input.value); } catch { return null; }
};
const size = () => ({ w: Math.round(canvas.clientWidth), h: Math.round(canvas.clientHeight) });
const points = () => drawing.strokes.reduce((sum, one) => sum + one.length, 0);

function scaled(from, to) {
  const x = to.w / from.w, y = to.h / from.h;
  const factor = Math.min(x, y);
  const move = ([a, b]) => [Math.round(a * factor), Math.round(b * factor)];
  return { ...to, strokes: from.strokes.map((one) => one.map(move)) };
}

function paint() {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = drawing.w * ratio;
  canvas.height = drawing.h * ratio;
  const ink = canvas.getContext("2d");
  ink.scale(ratio, ratio);
  ink.lineWidth = 3.5;
  ink.lineCap = ink.lineJoin = "round";
  ink.strokeStyle = "#17211d";
  for (const one of drawing.strokes) {
    ink.beginPath();
    ink.moveTo(...one[0]);
    for (const point of one.length > 1 ? one.slice(1) : one) ink.lineTo(...point);
    ink.stroke();
  }
}

function keep() {
  input.value = drawing.strokes.length ? JSON.stringify(drawing) : "";
  box.classList.toggle("inked", drawing.strokes.length > 0);
}

// The field changes its width when the tablet is turned; the strokes go with it.
function fit() {
  const now = size();
  if (!now.w || (now.w === drawing.w && now.h === drawing.h)) return;
  drawing = drawing.strokes.length ? scaled(drawing, now) : { ...now, strokes: [] };
  paint();
  keep();
}

const place = (event) => {
  const edge = canvas.getBoundingClientRect();
  return [Math.round(event.clientX - edge.left), Math.round(event.clientY - edge.top)];
};
const far = ([a, b], [x, y]) => Math.hypot(a - x, b - y) >= STEP;

canvas.addEventListener("pointerdown", (event) => {
  if (!event.isPrimary || points() >= MOST_POINTS) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  stroke = [place(event)];
  drawing.strokes.push(stroke);
  paint();
});
canvas.addEventListener("pointermove", (event) => {
  if (!stroke) return;
  for (const one of event.getCoalescedEvents?.() ?? [event]) {
    const point = place(one);
    if (points() < MOST_POINTS && far(stroke.at(-1), point)) stroke.push(point);
  }
  paint();
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, () => { stroke = null; keep(); });
}
form.querySelector("[data-clear]").addEventListener("click", () => {
  drawing = { ...size(), strokes: [] };
  paint();
  keep();
});

function show() {
  const tablet = methods.some((one) => one.checked && one.value === "tablet");
  for (const part of form.querySelectorAll("[data-tablet]")) part.hidden = !tablet;
  fit();
}

const before = read();
if (before) drawing = before;
box.hidden = false;
// A fresh form proposes paper for those who have no script; here the tablet can take the name.
// htmx listens once the document is there; then it fetches the text that says so.
function chooseTablet() {
  const tablet = methods.find((one) => one.value === "tablet");
  tablet.checked = true;
  tablet.dispatchEvent(new Event("change", { bubbles: true }));
}
if (form.dataset.fresh !== undefined) {
  if (document.readyState === "complete") chooseTablet();
  else window.addEventListener("load", chooseTablet, { once: true });
}
for (const one of methods) one.addEventListener("change", show);
new ResizeObserver(fit).observe(canvas);
show();
if (before) { paint(); keep(); }
