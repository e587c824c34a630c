// The report form on the outbox: what is typed is kept at once, «提交» puts it in the queue.
import { mediaCard } from "./media.js";
import { photoCard } from "./photos.js";
import { placeCard } from "./place.js";
import { IDLE_MS, account, drain, isLeft } from "./sending.js";
import * as store from "./store.js";
import { make } from "./outbox.js";
import { say } from "./words.js";

const SECOND_PRESS = 1500; // milliseconds
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

/** A citizen need not know our kinds: one sentence does as well, and the desk finds the kind. */
function wrong(values, wordsDo) {
  if (!values.kind && !wordsDo) return say`请在第 3 步选一项“什么事”。`;
  if (!values.kind && !values.text) return say`请在第 3 步选一项“什么事”；拿不准就在第 4 步写一句。`;
  if (!(values.lng && values.lat) && !values.address) return say`请在第 2 步说明在哪里：点“用我的位置”，或写一句地点。`;
  return "";
}

export async function startReport(form) {
  if (!(await store.usable())) return null; // a plain form, sent the plain way
  let id = store.newId();
  let proof = store.newId(); // shows that the one who asks again has sent it: the id alone goes about in the world
  let near = null;
  const told = form.querySelector("[data-told]");
  const tell = (text, good = false) => {
    if (!told) return;
    told.textContent = text;
    told.hidden = !text;
    told.classList.toggle("is-good", good);
    if (text) told.scrollIntoView({ block: "center" });
  };
  const photos = photoCard(form, () => id, tell);
  const media = mediaCard(form, () => id, tell);
  const place = placeCard(form, () => keep());

  const kindName = () => form.querySelector("input[name=kind]:checked")?.closest("label")?.textContent.trim() || "";
  const titleNow = () => [kindName(), form.elements.namedItem("text")?.value.trim().slice(0, 24)].filter(Boolean).join("：");
  const isSecret = () => Boolean(form.elements.namedItem("secret")?.checked);
  const fields = () => ({
    id, proof, account: account(), form: read(form), title: isSecret() ? "" : titleNow(),
    recorded_at: new Date().toISOString(), urls: { report: form.dataset.report, photo: form.dataset.photos },
  });

  let typing = 0;
  let used = Date.now();
  function keep() {
    used = Date.now();
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

  async function fresh() {
    id = store.newId();
    proof = store.newId();
    form.reset();
    for (const name of ["lng", "lat", "accuracy"]) if (form.elements.namedItem(name)) form.elements.namedItem(name).value = "";
    near?.box?.remove();
    near = null;
    place.clear();
    await photos.show();
    await media.show();
  }

  async function load(item) {
    id = item.id;
    proof = item.proof || proof;
    write(form, item.form);
    place.restore();
    await photos.show();
    await media.show();
  }

  /** The number as soon as it is there, where the writer looks; «sending» must not be the last word. */
  let awaited = null;
  window.addEventListener("hezhi:outbox", async () => {
    const sent = awaited && (await store.reports()).find((item) => item.id === awaited);
    if (!sent || !["done", "wrong", "login"].includes(sent.state)) return;
    awaited = null;
    if (sent.state !== "done") return tell(sent.why || say`没有送达，请看上面的“本机记录”。`);
    if (sent.code) tell(say`已送达，编号 ${sent.number}，查询码 ${sent.code}。请记下来，凭这两项查办理进度。`, true);
    else tell(say`已送达，编号 ${sent.number}。`, true);
  });

  let busy = false;
  let sentAt = 0;
  let touched = true; // what was written since then is another report
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy || (!touched && Date.now() - sentAt < SECOND_PRESS)) return; // a double press is one report
    const problem = wrong(read(form), "wordsDo" in form.dataset);
    if (problem) return tell(problem);
    busy = true;
    clearTimeout(typing);
    try {
      const all = await store.photos(id);
      const photo_count = all.filter((one) => !one.kind).length;
      await store.save({ ...fields(), photo_count, media_count: all.length - photo_count, state: "waiting", why: "" });
      awaited = id;
      sentAt = Date.now();
      touched = false;
      await fresh();
      tell(navigator.onLine ? say`已保存，正在发送，结果见“本机记录”。` : say`已保存在本机，有网络后自动发送。`, true);
      document.querySelector("[data-outbox]")?.scrollIntoView({ block: "start" });
      drain();
    } catch {
      tell(say`手机存储空间不足，没有保存成功。请清理空间后再提交，内容仍在页面上。`);
    } finally {
      busy = false;
    }
  });
  form.addEventListener("input", () => (touched = true));
  form.addEventListener("input", keep);
  window.addEventListener("hezhi:photo", keep);

  /** A citizen who went away leaves nothing on the screen of a phone that others use: no words, no number, no code. */
  async function idle() {
    if (account() || busy || Date.now() - used < IDLE_MS) return;
    used = Date.now();
    clearTimeout(typing);
    const left = Object.keys(read(form)).some((name) => name !== "crs") || (await store.photos(id)).length;
    await store.drop(id);
    await fresh();
    tell(left ? say`30 分钟没有操作，没有提交的内容已从本机清除。` : "");
  }
  window.addEventListener("hezhi:forget", () => {
    clearTimeout(typing);
    tell("");
    fresh();
  });
  setInterval(idle, 30_000);
  for (const name of ["visibilitychange", "pageshow"]) window.addEventListener(name, idle, true);

  const draft = (await store.reports()).find((item) => item.state === "draft" && item.account === account() && !isLeft(item));
  if (draft) {
    await load(draft);
    if (Object.keys(draft.form).some((name) => name !== "crs")) tell(say`已恢复上次没有提交的内容。`, true);
  }
  return async (item) => {
    await load(item);
    await store.change(item.id, { state: "draft", recorded_at: new Date().toISOString() });
    tell(item.why || "");
    form.scrollIntoView({ block: "start" });
  };
}
