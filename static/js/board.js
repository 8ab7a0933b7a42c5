// The public screen turns its pages, fetches itself, and keeps the last picture when the
// connection is lost. Without this file every team stands on one long page.
const POLL = 30_000, TURN = 15_000, STALE = 2 * 24 * 3600 * 1000, PATIENCE = 20_000;
const LARGEST = 1.4, SMALLEST = 0.5;
const board = document.getElementById("board");
const wide = window.matchMedia("(min-width: 700px) and (min-height: 500px)");
const known = new Map();
let page = 0, paused = false, turning, seen = new Date();

const parts = (root) => [...root.querySelectorAll("[data-part]")];
const groups = () => [...board.querySelectorAll(".group")];
const clock = (at) => `${at.getMonth() + 1}月${at.getDate()}日 ` +
  `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;

// Pages ------------------------------------------------------------------------------------

const show = (number) => {
  const all = groups();
  page = (number + all.length) % all.length;
  all.forEach((group, place) => group.classList.toggle("now", place === page));
  const place = document.getElementById("place");
  if (all.length > 1) place.textContent = `第 ${page + 1} / ${all.length} 页`;
  fit(all[page]);
};

// Letters as large as the page allows: none cut where a team has many members, none small where
// it has few.
const fit = (group) => {
  const boxes = [group, ...group.querySelectorAll(".team, .faces")];
  const cut = () => boxes.some((box) => box.scrollHeight > box.clientHeight + 1);
  for (let size = LARGEST; size >= SMALLEST; size -= 0.04) {
    group.style.setProperty("--k", size.toFixed(2));
    if (!cut()) return;
  }
};

const dress = () => {
  const several = groups().length > 1;
  board.classList.toggle("turning", wide.matches);
  for (const button of board.querySelectorAll(".turn button")) {
    button.hidden = !wide.matches || !several;
  }
  board.querySelector("[data-pause]").setAttribute("aria-pressed", String(paused));
  if (wide.matches) show(page);
  else groups().forEach((group) => group.style.removeProperty("--k"));
};

const wind = () => {
  clearInterval(turning);
  const several = groups().length > 1;
  if (wide.matches && several && !paused) turning = setInterval(() => show(page + 1), TURN);
};

const arrange = () => { dress(); wind(); };

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-turn]");
  if (step) { page += Number(step.dataset.turn); arrange(); }
  const pause = event.target.closest("[data-pause]");
  if (pause) { paused = !paused; arrange(); }
});

// Freshness --------------------------------------------------------------------------------

const say = (id, text) => {
  const notice = document.getElementById(id);
  notice.textContent = text;
  notice.hidden = false;
  if (board.classList.contains("turning")) fit(groups()[page]);
};

// Only what has changed is replaced, and a face that hangs already is not fetched again. The
// notices always are: this page may have changed them itself.
const replace = (fresh) => {
  for (const part of parts(fresh)) {
    const name = part.dataset.part, before = known.get(name);
    known.set(name, part.outerHTML);
    if (before === part.outerHTML && name !== "notices") continue;
    const old = board.querySelector(`[data-part="${name}"]`);
    for (const image of part.querySelectorAll("img")) {
      const same = [...old.querySelectorAll("img")].find((one) => one.src === image.src);
      if (same) image.replaceWith(same);
    }
    old.replaceWith(part);
  }
  board.dataset.counted = fresh.dataset.counted;
  dress();
};

const look = async () => {
  try {
    const answer = await fetch(location.href, {
      cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE),
    });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("board");
    if (!fresh) throw new Error("no board");
    // A new release brings new assets: begin anew.
    const script = (root) => root.querySelector("script[src*='board']").getAttribute("src");
    if (script(page) !== script(document)) location.reload();
    seen = new Date();
    replace(document.adoptNode(fresh));
  } catch {
    say("offline", `连接中断，下面是 ${clock(seen)} 的画面，正在重新连接。`);
    const counted = Date.parse(board.dataset.counted);
    const days = Math.floor((Date.now() - counted) / (24 * 3600 * 1000));
    if (Date.now() - counted > STALE) say("stale", `数据已有 ${days} 天没有更新，下面的数字不是最新的。`);
  }
};

for (const part of parts(board)) known.set(part.dataset.part, part.outerHTML);
board.classList.add("live");
arrange();
wide.addEventListener("change", arrange);
window.addEventListener("resize", arrange);
window.addEventListener("online", look);
document.fonts?.ready.then(arrange);
setInterval(look, POLL);
