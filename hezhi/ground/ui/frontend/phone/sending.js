// Sending: each report under its own id by PUT, then each photo by itself, so that nothing is doubled and a cut
// line costs one photo. A refused report waits for its writer and never holds up the others.
import * as store from "./store.js";
import { say } from "./words.js";

const TIMEOUT_MS = 30_000;
const KEEP_DELIVERED_MS = 7 * 24 * 3600 * 1000;
/** What a citizen left lying: the phone may be one that many hands use. */
export const IDLE_MS = 30 * 60_000;
const UNSENT = ["waiting", "sending", "wrong", "login"];

export const account = () => document.body.dataset.account || "";
export const isUnsent = (item) => UNSENT.includes(item.state);

/** A citizen's draft that nobody has touched for half an hour. */
export const isLeft = (item) => item.state === "draft" && !item.account && Date.now() - Date.parse(item.recorded_at) > IDLE_MS;
const isOver = (item) => isLeft(item) || (item.state === "done" && (Date.now() - item.sent_at > KEEP_DELIVERED_MS || Date.now() - item.told > IDLE_MS));

let running = null;
let again = false;

async function call(url, options = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  try {
    return await fetch(url, { credentials: "same-origin", ...options, signal: stop.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** Who is signed in on this phone right now, and the token to write with. */
export async function whoIsHere() {
  const token = document.querySelector('meta[name="csrf-token"]')?.content || "";
  const url = document.body.dataset.who;
  if (!url) return { account: account(), csrf: token };
  const answer = await call(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (answer.status === 401 || answer.redirected) return { account: null, csrf: token };
  if (!answer.ok) throw new Error(`who ${answer.status}`);
  const told = await answer.json();
  return { account: told.account ?? null, csrf: told.csrf || token };
}

/** Why it was refused: field by field, and in one line. */
async function refusalOf(answer) {
  try {
    const told = await answer.json();
    const { what, remedy, fields = {} } = told.error || told;
    const sentences = Object.values(fields).flat();
    return { fields, why: (sentences.length ? sentences : [what, remedy]).filter(Boolean).join(" ") };
  } catch {
    return { fields: {}, why: "" };
  }
}
const reasonOf = async (answer) => (await refusalOf(answer)).why;

const needsSignIn = (answer) => answer.status === 401 || answer.redirected;
const tryLater = (answer) => answer.status >= 500 || answer.status === 408 || answer.status === 429;

async function putReport(item, csrf) {
  const photos = await store.photos(item.id);
  const body = {
    ...item.form,
    id: item.id,
    proof: item.proof,
    recorded_at: item.recorded_at,
    account: item.account,
    photos: photos.map(({ n, taken_at }) => ({ n, taken_at })),
  };
  return call(item.urls.report.replace("{id}", item.id), {
    method: "PUT",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf },
    body: JSON.stringify(body),
  });
}

/** Sound and video are large: sent without an end by the clock, and the list says how far they are. */
async function putLarge(url, photo, item, csrf) {
  const { putMedia } = await import(document.body.dataset.media);
  let said = -1;
  return putMedia(url, photo.blob, csrf, (share) => {
    const tenth = Math.floor(share * 10);
    if (tenth === said) return;
    said = tenth;
    const name = photo.kind === "sound" ? say`录音` : say`视频`;
    store.change(item.id, { progress: say`正在发送${name} ${tenth * 10}%` });
  });
}

async function putPhotos(item, csrf) {
  const refused = [];
  for (const photo of await store.photos(item.id)) {
    const url = item.urls.photo.replace("{id}", item.id).replace("{n}", photo.n);
    const answer = photo.kind ? await putLarge(url, photo, item, csrf) : await call(url, {
      method: "PUT",
      headers: { "Content-Type": photo.blob.type, Accept: "application/json", "X-CSRFToken": csrf },
      body: photo.blob,
    });
    if (needsSignIn(answer)) return { state: "login" };
    if (tryLater(answer)) return { state: "waiting", why: photo.kind ? say`录音或视频稍后再发` : say`照片稍后再发` };
    if (!answer.ok) refused.push(photo.kind ? say`录音或视频未被接收：${(await reasonOf(answer)) || answer.status}` : say`照片未被接收：${(await reasonOf(answer)) || answer.status}`);
    await store.dropPhoto(item.id, photo.n);
  }
  return { state: "done", why: refused.join("；") };
}

/** Send one report as far as it goes; gives false when the line is down. */
async function send(item, csrf) {
  const set = (fields) => store.change(item.id, fields);
  await set({ state: "sending", why: "" });
  try {
    if (!item.arrived) {
      const answer = await putReport(item, csrf);
      if (needsSignIn(answer)) return await set({ state: "login" }), true;
      if (tryLater(answer)) return await set({ state: "waiting", why: say`服务器忙，稍后自动再发` }), true;
      if (!answer.ok) {
        const { fields, why } = await refusalOf(answer);
        return await set({ state: "wrong", fields, why: why || say`内容未被接收，请检查后再提交。` }), true;
      }
      const { number = "", code = "", url = "" } = await answer.json().catch(() => ({}));
      await set({ arrived: true, proof: "", number, code, url, secret: Boolean(item.form.secret) });
    }
    const ended = await putPhotos(item, csrf);
    // What has arrived lives on the server; the phone keeps only the number.
    if (ended.state === "done") Object.assign(ended, { sent_at: Date.now(), form: {}, progress: "" });
    await set(ended);
    return true;
  } catch {
    await set({ state: "waiting" });
    return false;
  }
}

let loose = [];
let looked = 0;
/** Drop what is over, and photos whose report is gone; a photo that was loose a minute ago has none coming either. */
async function sweep(all) {
  for (const old of all.filter(isOver)) await store.drop(old.id);
  if (Date.now() - looked < 50_000) return;
  looked = Date.now();
  const known = new Set(all.map((one) => one.id));
  const found = [...new Set((await store.photoKeys()).map(([report]) => report))].filter((report) => !known.has(report));
  for (const report of found.filter((one) => loose.includes(one))) await store.dropPhotos(report);
  loose = found;
}

async function round() {
  const all = (await store.reports()).sort((a, b) => a.recorded_at.localeCompare(b.recorded_at));
  await sweep(all);
  const due = all.filter((one) => ["waiting", "sending", "login"].includes(one.state));
  if (!due.length || !navigator.onLine) return;
  let here;
  try {
    here = await whoIsHere();
  } catch {
    return;
  }
  for (const item of due) {
    // Another person's report never goes out under this name.
    if (item.account && item.account !== here.account) {
      if (here.account === null && item.account === account()) await store.change(item.id, { state: "login" });
      continue;
    }
    if (!(await send(item, here.csrf))) return;
  }
}

const alone = (act) => (navigator.locks ? navigator.locks.request("hezhi-outbox", { ifAvailable: true }, (lock) => lock && act()) : act());

async function rounds() {
  while (again) {
    again = false;
    await alone(round);
  }
}

/** Send whatever waits; called again while it runs, it goes round once more before it ends. */
export function drain() {
  again = true;
  running ??= rounds().finally(() => (running = null));
  return running;
}

export function startSending() {
  window.addEventListener("online", drain);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && drain());
  setInterval(drain, 60_000);
  drain();
}
