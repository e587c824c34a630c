// Keys: `/` j k x Enter in lists, a letter for each button that names one with data-key, Ctrl+Enter to send a form.
import { make } from "./dom.js";
import { listKeys } from "./list.js";

const HELP = [
  ["/", "到搜索框"],
  ["↓", "从搜索框到第一行"],
  ["j  k", "下一行，上一行"],
  ["x", "勾选这一行"],
  ["Enter", "打开这一行"],
  ["Ctrl Enter", "提交正在填写的表单"],
  ["Esc", "关闭弹窗或菜单"],
];

function typing(target) {
  return target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
}

function visible(element) {
  return element.getClientRects().length > 0;
}

function help() {
  const own = [...document.querySelectorAll("[data-key]")].filter(visible);
  const wordsOf = (one) => (one.closest("label") ?? one).cloneNode(true);
  const lines = HELP.concat(own.map((one) => {
    if (one.dataset.keyName) return [one.dataset.key, one.dataset.keyName];
    const words = wordsOf(one);
    words.querySelectorAll("kbd").forEach((key) => key.remove());
    return [one.dataset.key, words.textContent.trim()];
  }));
  const list = make("dl", { class: "facts" });
  for (const [key, text] of lines) {
    list.append(make("div", { class: "fact" }, make("dt", {}, make("kbd", {}, key)), make("dd", {}, text)));
  }
  const close = make("button", { type: "button", class: "btn btn-primary", "data-close": true }, "知道了");
  const box = make(
    "dialog",
    { class: "dialog", "aria-label": "快捷键" },
    make("div", { class: "dialog-body" }, make("h2", { class: "dialog-title" }, "快捷键"), list, make("div", { class: "form-actions" }, close)),
  );
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

/** Send the form in which one types, or that of the open dialog, by its main button. */
function send(event) {
  const form = event.target.closest?.("form[data-guard]") ?? document.querySelector("dialog[open] form[data-guard]");
  const button = form?.querySelector("button.btn-primary[type=submit], button.btn-danger[type=submit]");
  if (!button || button.disabled) return;
  event.preventDefault();
  form.requestSubmit(button);
}

/** What a key means: a button or a box is pressed; of a group of fields the first, or the one chosen, is entered. */
function reach(one) {
  const folded = one.closest("details");
  if (!one.matches("summary, [data-key-name]")) return one.click();
  if (folded) folded.open = true;
  const place = one.matches("summary") ? folded : one;
  const fields = [...place.querySelectorAll("input, select, textarea")].filter(visible);
  (fields.find((field) => field.checked) ?? fields[0])?.focus();
}

function press(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) return send(event);
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  // Out of a field that narrows a list, the keys of the page work again.
  if (event.key === "Escape" && event.target.matches?.(".choices-filter") && !document.querySelector("dialog[open]")) return event.target.blur();
  if (event.key === "ArrowDown" && event.target.matches?.("[data-search]")) {
    event.preventDefault();
    return listKeys.j();
  }
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") return help();
  if (event.key === "/" && !document.querySelector("[data-search]")) return document.querySelector("a[data-find]")?.click();
  // With Caps Lock on it is still the same key.
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const button = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key.toLowerCase() === name && visible(one));
  if (button) {
    event.preventDefault();
    return reach(button);
  }
  const act = document.querySelector("[data-rows], [data-search]") && listKeys[name];
  if (!act) return;
  // Enter on a link or a button is the browser's own business.
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  event.preventDefault();
  act();
}

export function startKeys() {
  document.addEventListener("keydown", press);
}
