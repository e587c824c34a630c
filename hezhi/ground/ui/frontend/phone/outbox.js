// What the phone still holds, shown to its writer: count on every page, the list where there is room for it.
import { account, drain, isUnsent } from "./sending.js";
import * as store from "./store.js";
import { say } from "./words.js";

const STATES = {
  waiting: [say`待发送`, "offline"],
  sending: [say`发送中`, "handling"],
  done: [say`已送达`, "closed"],
  wrong: [say`需修改`, "overdue"],
  login: [say`待登录`, "to_supplement"],
};

export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

const two = (number) => String(number).padStart(2, "0");
function clock(text) {
  const at = new Date(text);
  return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

function button(name, act) {
  const one = make("button", { type: "button", class: "btn" }, name);
  one.addEventListener("click", act);
  return one;
}

function title(item) {
  return item.title || say`上报`;
}

function rowOf(item, edit) {
  const [word, look] = STATES[item.state];
  const head = make("div", { class: "outbox-head" }, make("b", {}, title(item)), make("span", { class: `state state-${look}` }, word));
  const row = make("div", { class: "outbox-row" }, head);
  const photos = item.photo_count ? say` · 照片 ${item.photo_count} 张` : "";
  const media = item.media_count ? say` · 录音视频 ${item.media_count} 段` : "";
  row.append(make("span", { class: "outbox-note" }, `${clock(item.recorded_at)}${photos}${media}`));
  if (item.state === "sending" && item.progress) row.append(make("span", { class: "outbox-note", role: "status" }, item.progress));
  if (item.number) {
    const number = item.url ? make("a", { href: item.url }, item.number) : make("b", {}, item.number);
    const line = make("span", {}, say`编号 `, number);
    if (item.code) line.append(say`，查询码 `, make("b", {}, item.code));
    row.append(line);
  }
  if (item.why) row.append(make("span", { class: item.state === "done" ? "outbox-note" : "outbox-why" }, item.why));
  const tools = make("div", { class: "outbox-tools" });
  if (item.state === "wrong" && edit) tools.append(button(say`修改`, () => edit(item)));
  if (item.state === "waiting") tools.append(button(say`立即发送`, drain));
  if (item.state === "login") {
    const url = document.body.dataset.login;
    row.append(make("span", { class: "outbox-note" }, say`重新登录后自动发送`));
    if (url) tools.append(make("a", { class: "btn", href: url }, say`去登录`));
  }
  if (item.state !== "sending") {
    const asked = item.state === "done" ? say`从本机删除这条记录吗？请先记下编号和查询码。` : say`删除后不会发送，确定删除吗？`;
    tools.append(button(say`删除`, () => window.confirm(asked) && store.drop(item.id)));
  }
  if (tools.children.length) row.append(tools);
  return row;
}

async function show(edit) {
  const all = (await store.reports()).filter((item) => item.state !== "draft");
  const mine = all.filter((item) => item.account === account()).sort((a, b) => b.recorded_at.localeCompare(a.recorded_at));
  const unsent = mine.filter(isUnsent).length;
  const strangers = all.filter((item) => item.account !== account() && isUnsent(item)).length;
  document.querySelectorAll("[data-unsent]").forEach((banner) => {
    banner.querySelector("[data-unsent-count]").textContent = unsent;
    // Beside the list itself the banner would say the same twice.
    banner.hidden = unsent === 0 || Boolean(document.querySelector("[data-outbox]"));
  });
  document.querySelectorAll("[data-outbox]").forEach((box) => {
    box.hidden = mine.length + strangers === 0;
    if (box.hidden) return box.replaceChildren();
    const heading = make("h2", {}, unsent ? say`还有 ${unsent} 条未送达` : say`本机已送达`);
    box.replaceChildren(heading, ...mine.slice(0, 20).map((item) => rowOf(item, edit)));
    // What was to be kept secret is told once: the next page knows nothing of it any more.
    if (document.visibilityState === "visible") mine.filter((item) => item.secret && item.state === "done" && !item.told).forEach((item) => store.change(item.id, { told: Date.now() }));
    if (strangers) box.append(make("p", { class: "outbox-note" }, say`这部手机上另一账号有 ${strangers} 条未发送，由其本人登录后发送。`));
  });
}

function line() {
  document.querySelectorAll("[data-line]").forEach((place) => {
    place.textContent = navigator.onLine ? "" : say`离线，可照常填写`;
  });
}

/** Signing out with unsent reports is refused: they could go out under another name or be forgotten. */
async function signingOut(event) {
  const form = event.target;
  if (!form.matches("[data-logout]") || form.dataset.clear) return;
  event.preventDefault();
  const mine = (await store.reports()).filter((item) => item.account === account());
  const unsent = mine.filter(isUnsent).length;
  if (unsent) {
    window.alert(say`还有 ${unsent} 条没有发送。请联网发送或删除后再退出，以免丢失。`);
    return;
  }
  await Promise.all(mine.map((item) => store.drop(item.id)));
  navigator.serviceWorker?.controller?.postMessage({ forget: true });
  form.dataset.clear = "1";
  form.requestSubmit();
}

/** «Clear this phone» (清除本机记录): what a citizen left in it goes before the browser's part goes on the server. */
async function forgetting(event) {
  const form = event.target;
  if (!form.matches("[data-forget]") || form.dataset.clear) return;
  event.preventDefault();
  const all = await store.reports();
  const theirs = all.filter((item) => item.account).map((item) => item.id);
  const unsent = all.filter((item) => !item.account && isUnsent(item)).length;
  if (!window.confirm(unsent ? say`还有 ${unsent} 条没有发送，清除后不会再发送。确定清除吗？` : say`清除后，这部手机上不再有您写的内容、编号和查询码。确定清除吗？`)) return;
  window.dispatchEvent(new Event("hezhi:forget")); // what stands in the form must not be kept once more
  const left = new Set([...all.map((item) => item.id), ...(await store.photoKeys()).map(([report]) => report)]);
  await Promise.all([...left].filter((id) => !theirs.includes(id)).map(store.drop));
  navigator.serviceWorker?.controller?.postMessage({ forget: true });
  if (!navigator.onLine) return window.alert(say`手机里的内容已清除。联网后请再按一次，把浏览器里的查看记录也清掉。`);
  form.dataset.clear = "1";
  form.requestSubmit();
}

async function dropTold() {
  for (const item of await store.reports()) if (item.told) await store.drop(item.id);
}

export function startOutbox(edit) {
  const renew = () => show(edit).catch(() => {});
  window.addEventListener("hezhi:outbox", renew);
  window.addEventListener("online", line);
  window.addEventListener("offline", line);
  document.addEventListener("submit", signingOut);
  document.addEventListener("submit", forgetting);
  line();
  dropTold().then(renew, renew);
}
