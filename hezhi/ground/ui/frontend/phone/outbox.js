// What the phone still holds, shown to its writer: count on every page, the list where there is room for it.
import { button, clock, make } from "./dom.js";
import { caseLink } from "./opening.js";
import { keyOf } from "./receipt.js";
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
  const done = item.state === "done";
  if (done && item.secret) return row.append(...keyOf(item, () => store.drop(item.id), say`点“我已记下”后从本机清除，最多保留 30 分钟，请现在抄下或截图。`)), row;
  if (item.number) {
    const line = make("span", {}, say`编号 `, caseLink(item, item.number, "text-link"));
    if (item.code) line.append(say`，查询码 `, make("b", {}, item.code));
    row.append(line);
  }
  if (item.why) row.append(make("span", { class: done ? "outbox-note" : "outbox-why" }, item.why));
  const tools = make("div", { class: "outbox-tools" });
  if (item.state === "wrong" && edit) tools.append(button(say`修改`, () => edit(item), "btn btn-primary"));
  else if (item.state === "wrong" && item.page) tools.append(make("a", { class: "btn btn-primary", href: `${item.page}#edit=${item.id}` }, say`修改`));
  if (item.state === "waiting") tools.append(button(say`立即发送`, drain));
  if (item.state === "login") {
    const url = document.body.dataset.login;
    row.append(make("span", { class: "outbox-note" }, say`重新登录后自动发送`));
    if (url) tools.append(make("a", { class: "btn", href: url }, say`去登录`));
  }
  if (item.state !== "sending") {
    const asked = done ? say`从本机删除这条记录吗？请先记下编号和查询码。` : say`删除后不会发送，确定删除吗？`;
    tools.append(button(say`删除`, () => window.confirm(asked) && store.drop(item.id)));
  }
  if (tools.children.length) row.append(tools);
  return row;
}

/** Put a list in its place; an empty one takes no room. */
function fill(box, heading, rows) {
  box.hidden = rows.length === 0;
  box.replaceChildren(...(rows.length ? [make("h2", {}, heading), ...rows] : []));
}

async function show(edit) {
  const held = [...document.querySelectorAll("[data-holds]")].map((one) => one.dataset.holds); // told there already
  const all = (await store.reports()).filter((item) => item.state !== "draft" && !held.includes(item.id));
  const mine = all.filter((item) => item.account === account()).sort((a, b) => b.recorded_at.localeCompare(a.recorded_at));
  const unsent = mine.filter(isUnsent);
  const sent = mine.filter((item) => item.state === "done");
  const strangers = all.filter((item) => item.account !== account() && isUnsent(item)).length;
  // What has arrived is told where reports are written, not above everybody's other work; what ends soon, first.
  const sentBox = document.querySelector("[data-outbox-sent]");
  const ending = sentBox ? sent.filter((item) => item.secret) : [];
  const rowsOf = (items) => items.slice(0, 20).map((item) => rowOf(item, edit));
  document.querySelectorAll("[data-unsent]").forEach((banner) => {
    banner.querySelector("[data-unsent-count]").textContent = unsent.length;
    // Beside the list itself the banner would say the same twice.
    banner.hidden = unsent.length === 0 || Boolean(document.querySelector("[data-outbox]"));
  });
  document.querySelectorAll("[data-outbox]").forEach((box) => {
    const rows = rowsOf([...ending, ...unsent]);
    if (strangers) rows.push(make("p", { class: "outbox-note" }, say`这部手机上另一账号有 ${strangers} 条未发送，由其本人登录后发送。`));
    fill(box, unsent.length || !ending.length ? say`还有 ${unsent.length} 条未送达` : say`已送达，请记下编号和查询码`, rows);
  });
  if (sentBox) fill(sentBox, say`本机已送达`, rowsOf(sent.filter((item) => !ending.includes(item))));
  if (document.visibilityState === "visible") ending.filter((item) => !item.told).forEach((item) => store.change(item.id, { told: Date.now() }));
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

/** A secret report told in its receipt is over with that page; told later on, it stays until it is noted, half an hour at most. */
async function dropTold() {
  for (const item of await store.reports()) if (item.told && item.once) await store.drop(item.id);
}

export function startOutbox(edit) {
  const renew = () => show(edit).catch(() => {});
  window.addEventListener("hezhi:outbox", renew);
  document.addEventListener("visibilitychange", renew);
  window.addEventListener("online", line);
  window.addEventListener("offline", line);
  document.addEventListener("submit", signingOut);
  document.addEventListener("submit", forgetting);
  line();
  dropTold().then(renew, renew);
}
