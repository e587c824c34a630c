// What became of a report, in the place of the form (回执): kept, on the way, or taken in with its number and code.
import { button, make } from "./dom.js";
import { caseLink } from "./opening.js";
import { drain } from "./sending.js";
import * as store from "./store.js";
import { say } from "./words.js";

async function copy(pressed, shown, text) {
  try {
    await navigator.clipboard.writeText(text);
    pressed.textContent = say`已复制`;
  } catch {
    window.getSelection().selectAllChildren(shown);
    pressed.textContent = say`已选中，请长按复制`;
  }
}

/** Number and code, large, to be copied down; of a secret report the phone forgets them, and says so before. */
export function keyOf(item, noted, warning) {
  const facts = make("dl", { class: "receipt-key" }, make("div", {}, make("dt", {}, say`编号`), make("dd", {}, item.number)));
  if (!item.code) return [facts];
  facts.append(make("div", {}, make("dt", {}, say`查询码`), make("dd", {}, item.code)));
  const text = say`编号 ${item.number}，查询码 ${item.code}`;
  const tools = make("div", { class: "outbox-tools" }, button(say`复制`, (event) => copy(event.currentTarget, facts, text)));
  if (!item.secret) return [facts, tools];
  tools.append(button(say`我已记下`, noted, "btn btn-primary"));
  return [facts, make("p", { class: "receipt-once" }, warning), tools];
}

function headOf(item, done) {
  if (item.number) return done;
  if (item.state === "login") return say`已保存在本机，重新登录后自动送出`;
  if (item.state === "sending") return say`已保存在本机，正在送出…`;
  return item.why && navigator.onLine ? say`已保存在本机，稍后自动送出` : say`已保存在本机，联网后自动送出`;
}

/** `again` opens an empty form; `refused` brings the report back into it. */
export function startReceipt(box, { again, refused }) {
  let seen = "";

  function close() {
    delete box.dataset.holds;
    box.hidden = true;
    box.replaceChildren();
    seen = "";
    window.dispatchEvent(new Event("hezhi:outbox")); // what stood here stands in the list again
  }

  function put(head, ...inside) {
    const first = box.hidden;
    const here = box.contains(document.activeElement);
    box.replaceChildren(make("h2", { id: "receipt-head" }, head), ...inside);
    box.hidden = false;
    if (first || here) box.focus({ preventScroll: true });
    if (first) window.scrollTo(0, 0);
  }

  async function noted() {
    const id = box.dataset.holds;
    delete box.dataset.holds;
    await store.drop(id);
    put(say`已记下`, make("p", {}, say`编号和查询码已从这部手机清除。凭您记下的编号和查询码随时查办理进度。`), onward(null));
  }

  function onward(item) {
    const tools = make("div", { class: "big-choices" });
    if (item?.number && item.url) tools.append(caseLink(item, say`查看进度`, "btn btn-primary btn-wide"));
    if (item?.state === "waiting" && navigator.onLine) tools.append(button(say`立即发送`, drain, "btn btn-wide"));
    if (item?.state === "login" && document.body.dataset.login) tools.append(make("a", { class: "btn btn-primary btn-wide", href: document.body.dataset.login }, say`去登录`));
    tools.append(button(say`再报一件`, again, "btn btn-wide"));
    return tools;
  }

  async function show() {
    const id = box.dataset.holds;
    const item = id && (await store.report(id));
    if (!id || box.dataset.holds !== id) return;
    if (!item) return again();
    if (item.state === "wrong") return close(), refused(item);
    // Told where its writer looks, it is told once: the next page knows nothing of it any more.
    if (item.number && item.secret && !item.once && document.visibilityState === "visible") await store.change(id, { told: item.told || Date.now(), once: true });
    const { number, code, why, state, progress } = item;
    const now = JSON.stringify([number, code, why, state, progress, navigator.onLine]);
    if (now === seen) return;
    seen = now;
    const told = [progress, why].filter(Boolean).map((text) => make("p", { class: state === "done" ? "outbox-why" : "outbox-note" }, text));
    const next = number ? box.dataset.next : say`没有网络也可以离开这一页；联网后再打开这里，会自动送出。`;
    put(headOf(item, box.dataset.done), ...(number ? keyOf(item, noted, say`编号和查询码只在这里显示一次，离开后不再显示，请现在抄下或截图。`) : []), ...told, make("p", { class: "phone-note" }, next), onward(item));
  }

  for (const name of ["hezhi:outbox", "online", "offline"]) window.addEventListener(name, show);
  document.addEventListener("visibilitychange", show);
  return {
    close,
    open: (id) => ((box.dataset.holds = id), show()),
    isOpen: () => !box.hidden,
  };
}
