// The stream of the hall screen. A new row flashes for a second; when nothing comes, the screen says since when.
const SILENCE_MS = 30_000;

let heard = Date.now();
let cutSince = 0;

const two = (number) => String(number).padStart(2, "0");
// The hall's own clock runs in Beijing time, whatever the machine is set to.
const beijing = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit",
  hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
});

function parts(moment) {
  return Object.fromEntries(beijing.formatToParts(moment).map(({ type, value }) => [type, value]));
}

function clock() {
  const now = parts(Date.now());
  const text = `${now.year}-${now.month}-${now.day} ${two(Number(now.hour) % 24)}:${now.minute}:${now.second}`;
  document.querySelectorAll("[data-clock]").forEach((place) => (place.textContent = text));
}

function hear() {
  heard = Date.now();
  if (!cutSince) return;
  cutSince = 0;
  document.body.classList.remove("is-cut");
  document.querySelectorAll("[data-cut]").forEach((place) => (place.hidden = true));
}

function watch(stream) {
  const lost = stream.readyState !== EventSource.OPEN || Date.now() - heard > SILENCE_MS;
  if (!lost || cutSince) return;
  cutSince = heard;
  const at = parts(cutSince);
  document.body.classList.add("is-cut");
  document.querySelectorAll("[data-cut]").forEach((place) => {
    place.textContent = `数据中断自 ${two(Number(at.hour) % 24)}:${at.minute}:${at.second}`;
    place.hidden = false;
  });
}

function flash(element) {
  element.classList.remove("is-new");
  void element.offsetWidth; // starts the flash anew
  element.classList.add("is-new");
}

function showFigures(figures) {
  for (const [code, value] of Object.entries(figures)) {
    document.querySelectorAll(`[data-figure="${CSS.escape(code)}"]`).forEach((place) => {
      if (place.textContent === String(value)) return;
      place.textContent = value;
      flash(place.closest(".figure") || place);
    });
  }
}

const LEVELS = { 1: "红 I", 2: "橙 II", 3: "黄 III", 4: "蓝 IV" };

function lineOf(row) {
  const line = document.createElement("li");
  line.dataset.id = row.id;
  const holder = document.createElement(row.url ? "a" : "span");
  if (row.url) holder.href = row.url;
  const at = document.createElement("time");
  at.textContent = row.at;
  const text = document.createElement("span");
  text.className = "live-text";
  text.textContent = row.text;
  holder.append(at);
  if (LEVELS[row.level]) {
    const badge = document.createElement("span");
    badge.className = `level level-${row.level}`;
    const word = document.createElement("b");
    word.textContent = LEVELS[row.level];
    badge.append(word);
    holder.append(badge);
  }
  holder.append(text);
  if (row.mark) {
    const mark = document.createElement("b");
    mark.className = "live-mark";
    mark.textContent = row.mark;
    holder.append(mark);
  }
  line.append(holder);
  return line;
}

/** A list in an order of its own, shown anew as a whole; what is new or says something new flashes. */
function showRanks(list, rows) {
  const place = document.querySelector(`[data-ranks="${CSS.escape(list)}"]`);
  if (!place) return;
  const before = new Map([...place.querySelectorAll("[data-id]")].map((line) => [line.dataset.id, line.textContent.trim()]));
  const lines = rows.map(lineOf);
  place.replaceChildren(...(lines.length ? lines : [nothing(place.dataset.empty)]));
  for (const line of lines) if (before.get(line.dataset.id) !== line.textContent.trim()) flash(line);
}

function nothing(words) {
  const line = document.createElement("li");
  line.className = "live-none";
  const holder = document.createElement("span");
  holder.textContent = words || "";
  line.append(holder);
  return line;
}

function showRows({ list, rows }) {
  const place = document.querySelector(`[data-live="${CSS.escape(list)}"]`);
  if (!place) return;
  const keep = Number(place.dataset.keep) || 12;
  // The newest comes first on the screen; a row that is known already is renewed in its place.
  for (const row of [...rows].reverse()) {
    const known = place.querySelector(`[data-id="${CSS.escape(String(row.id))}"]`);
    const line = lineOf(row);
    if (known) known.replaceWith(line);
    else place.prepend(line);
    flash(line);
  }
  while (place.children.length > keep) place.lastElementChild.remove();
}

let asking = 0;
/** «Something changed» without saying what: ask for the figures and rows, at most once a second. */
function refresh() {
  const url = document.body.dataset.refresh;
  if (!url || asking) return;
  asking = setTimeout(async () => {
    asking = 0;
    try {
      const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const { figures = {}, rows = [], lists = {} } = await answer.json();
      showFigures(figures);
      showRows({ list: "live", rows: changed(rows) });
      for (const [list, ranked] of Object.entries(lists)) showRanks(list, ranked);
    } catch {
      // The stream's own watch tells of a cut line.
    }
  }, 1000);
}

/** Only rows that are new or say something new: the others must not flash. */
function changed(rows) {
  const shown = new Map([...document.querySelectorAll('[data-live="live"] [data-id]')].map((line) => [line.dataset.id, line.textContent.trim()]));
  return rows.filter((row) => shown.get(String(row.id)) !== lineOf(row).textContent.trim());
}

export function startWall() {
  clock();
  setInterval(clock, 1000);
  // What comes by the clock (warnings, findings) is no change of a case: such a screen asks by itself, too.
  const every = Number(document.body.dataset.every);
  if (every) setInterval(refresh, every * 1000);
  const url = document.body.dataset.stream;
  if (!url) return;
  const stream = new EventSource(url, { withCredentials: true });
  const take = (act) => (event) => {
    hear();
    if (act) act(JSON.parse(event.data));
  };
  // What changed between the drawing of this page, or a cut, and this moment: asked for once.
  stream.addEventListener("open", () => {
    hear();
    refresh();
  });
  stream.addEventListener("wall", take(refresh));
  stream.addEventListener("beat", take());
  stream.addEventListener("figures", take(showFigures));
  stream.addEventListener("rows", take(showRows));
  stream.addEventListener("error", () => watch(stream));
  setInterval(() => watch(stream), 1000);
}
