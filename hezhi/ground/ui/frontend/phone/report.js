// The report form on the outbox: what is typed is kept at once, «提交» puts it in the queue, a refusal brings it back.
import { check } from "./checks.js";
import { make } from "./dom.js";
import { startFaults } from "./faults.js";
import { mediaCard } from "./media.js";
import { photoCard } from "./photos.js";
import { placeCard } from "./place.js";
import { startReceipt } from "./receipt.js";
import { IDLE_MS, account, drain, isLeft } from "./sending.js";
import * as store from "./store.js";
import { say } from "./words.js";

const PATIENCE_MS = 6000; // how long a writer looks at «正在提交» before he is let go on
const OWN = ["csrfmiddlewaretoken", "photos", "media"];

function read(form) {
  const values = {};
  for (const [name, value] of new FormData(form)) {
    if (!OWN.includes(name) && typeof value === "string" && value !== "") values[name] = value.trim();
  }
  return values;
}

function write(form, values) {
  form.reset();
  for (const field of form.elements) {
    if (!field.name || OWN.includes(field.name) || !(field.name in values)) continue;
    if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === values[field.name];
    else if (field.type !== "file") field.value = values[field.name];
  }
}

/** What became of a report that was just put in the queue: known at once, or given up to be told later. */
function outcome(id) {
  return new Promise((done) => {
    const end = async () => {
      window.removeEventListener("hezhi:outbox", look);
      clearTimeout(timer);
      done(await store.report(id));
    };
    const look = async () => {
      const item = await store.report(id);
      if (!item || item.arrived || ["wrong", "login"].includes(item.state)) end();
    };
    const timer = setTimeout(end, PATIENCE_MS);
    window.addEventListener("hezhi:outbox", look);
    drain().then(end, end);
  });
}

export async function startReport(form) {
  if (!(await store.usable())) return null; // a plain form, sent the plain way
  let id = store.newId();
  let proof = store.newId(); // shows that the one who asks again has sent it: the id alone goes about in the world
  let near = null;
  const told = form.querySelector("[data-told]");
  const tell = (text, good = false) => {
    told.textContent = text;
    told.hidden = !text;
    told.classList.toggle("is-good", good);
    if (text) told.scrollIntoView({ block: good ? "center" : "nearest" });
  };
  history.scrollRestoration = "manual"; // what is told of a form that is there again stands at its top
  const faults = startFaults(form);
  const photos = photoCard(form, () => id);
  const media = mediaCard(form, () => id);
  const place = placeCard(form, () => keep());
  const receipt = startReceipt(document.querySelector("[data-receipt]"), { again, refused: edit });

  const kindName = () => form.querySelector("input[name=kind]:checked")?.closest("label")?.textContent.trim() || "";
  const titleNow = () => [kindName(), form.elements.namedItem("text")?.value.trim().slice(0, 24)].filter(Boolean).join("：");
  const isSecret = () => Boolean(form.elements.namedItem("secret")?.checked);
  const fields = () => ({
    id, proof, account: account(), form: read(form), title: isSecret() ? "" : titleNow(), page: location.pathname,
    recorded_at: new Date().toISOString(), urls: { report: form.dataset.report, photo: form.dataset.photos },
  });

  let typing = 0;
  let used = Date.now();
  let busy = false;
  function keep(event) {
    used = Date.now();
    if (busy) return;
    faults.renew(event?.target?.name, check(form, read(form)));
    clearTimeout(typing);
    typing = setTimeout(() => store.save({ ...fields(), state: "draft" }), 300);
    suggest();
  }

  /** Open reports of the same kind close by: joining one saves everybody a second case. */
  async function suggest() {
    const values = read(form);
    if (!form.dataset.near || !values.lng || !values.kind) return;
    const asked = `${form.dataset.near}?lng=${values.lng}&lat=${values.lat}&kind=${encodeURIComponent(values.kind)}`;
    if (near?.asked === asked) return;
    near?.box?.remove();
    near = { asked };
    try {
      const answer = await fetch(asked, { headers: { Accept: "application/json" } });
      const { reports = [] } = answer.ok ? await answer.json() : {};
      if (!reports.length || near.asked !== asked) return;
      near.box = make("aside", { class: "near", role: "status" }, make("b", {}, say`附近 200 米内已有同类上报，是同一件事吗？`));
      reports.slice(0, 3).forEach((one) => near.box.append(make("a", { href: one.url }, one.text)));
      form.querySelector("#card-kind").closest(".card").after(near.box);
    } catch {
      // Without a line there is nothing to suggest.
    }
  }

  function hush() {
    tell("");
    faults.clear();
    photos.hush();
    media.hush();
  }

  async function fresh() {
    id = store.newId();
    proof = store.newId();
    form.reset();
    for (const name of ["lng", "lat", "accuracy"]) if (form.elements.namedItem(name)) form.elements.namedItem(name).value = "";
    near?.box?.remove();
    near = null;
    place.clear();
    hush();
    await photos.show();
    await media.show();
  }

  async function load(item) {
    id = item.id;
    proof = item.proof || proof;
    write(form, item.form);
    hush();
    place.restore();
    await photos.show();
    await media.show();
  }

  /** The newest of what was begun and not sent, if any, stands in the form again. */
  async function resume() {
    const drafts = (await store.reports()).filter((item) => item.state === "draft" && item.account === account() && !isLeft(item));
    const [draft] = drafts.sort((a, b) => b.recorded_at.localeCompare(a.recorded_at));
    if (!draft) return;
    await load(draft);
    if (Object.keys(draft.form).some((name) => name !== "crs")) tell(say`已恢复上次没有提交的内容。`, true);
  }

  /** From the receipt back to the form. */
  async function again() {
    receipt.close();
    form.hidden = false;
    await fresh();
    await resume();
    document.getElementById("main")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  /** What was refused is a draft again, each fault beside its field; what belongs to none stands above. */
  async function mark(item) {
    await store.change(item.id, { state: "draft", recorded_at: new Date().toISOString() });
    const known = item.fields || {};
    const left = faults.show(known);
    tell(Object.keys(known).length ? left.join(" ") : item.why || "");
  }

  async function edit(item) {
    receipt.close();
    form.hidden = false;
    clearTimeout(typing);
    await load(item);
    await mark(item);
    if (form.contains(document.activeElement)) return;
    form.scrollIntoView({ block: "start" });
  }

  const send = form.querySelector("[type=submit]");
  const sendName = send.textContent;
  function hold(state) {
    busy = state;
    form.inert = state;
    if (state) form.dataset.holds = id;
    else delete form.dataset.holds;
    send.textContent = state ? say`正在提交…` : sendName;
    if (state) send.setAttribute("aria-busy", "true");
    else send.removeAttribute("aria-busy");
  }

  /** Into the queue and, with a line, off it again at once: refused, it never left the form. */
  async function submit() {
    const all = await store.photos(id);
    const photo_count = all.filter((one) => !one.kind).length;
    await store.save({ ...fields(), photo_count, media_count: all.length - photo_count, state: "waiting", why: "" });
    const sent = id;
    const item = navigator.onLine ? await outcome(sent) : null;
    if (item?.state === "wrong") {
      hold(false);
      return mark(item);
    }
    form.hidden = true;
    await fresh();
    hold(false);
    await receipt.open(sent);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return; // a double press is one report
    used = Date.now();
    const wrong = check(form, read(form));
    hush();
    if (Object.keys(wrong).length) return faults.show(wrong, true);
    clearTimeout(typing);
    hold(true);
    try {
      await submit();
    } catch {
      hold(false);
      tell(say`手机存储空间不足，没有保存成功。请清理空间后再提交，内容仍在页面上。`);
    }
  });
  form.addEventListener("input", keep);
  window.addEventListener("hezhi:photo", keep);

  /** A citizen who went away leaves nothing on the screen of a phone that others use: no words, no number, no code. */
  async function idle() {
    if (account() || busy || Date.now() - used < IDLE_MS) return;
    used = Date.now();
    clearTimeout(typing);
    if (receipt.isOpen()) return again();
    const left = Object.keys(read(form)).some((name) => name !== "crs") || (await store.photos(id)).length;
    await store.drop(id);
    await fresh();
    tell(left ? say`30 分钟没有操作，没有提交的内容已从本机清除。` : "");
  }
  window.addEventListener("hezhi:forget", () => {
    clearTimeout(typing);
    receipt.close();
    form.hidden = false;
    fresh();
  });
  // A secret number is not to stand there again when somebody presses «back».
  window.addEventListener("pagehide", () => receipt.isOpen() && (receipt.close(), (form.hidden = false)));
  setInterval(idle, 30_000);
  for (const name of ["visibilitychange", "pageshow"]) window.addEventListener(name, idle, true);

  const wanted = location.hash.match(/^#edit=(.+)$/)?.[1];
  const item = wanted && (await store.report(wanted));
  if (wanted) history.replaceState(null, "", location.pathname);
  if (item?.state === "wrong" && item.account === account()) await edit(item);
  else await resume();
  return edit;
}
