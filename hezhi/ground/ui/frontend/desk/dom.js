// Small helpers that the desk's modules share.

/** Listen on the document for an event that begins inside `selector`. */
export function on(type, selector, act, capture = false) {
  document.addEventListener(
    type,
    (event) => {
      const found = event.target instanceof Element && event.target.closest(selector);
      if (found) act(event, found);
    },
    capture,
  );
}

/** An element with text and attributes; nothing is ever parsed as markup. */
export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...inside);
  return element;
}

/** A short notice in the corner; stays until closed when it is an error. */
export function toast(text, url = "", stays = false) {
  const holder = document.getElementById("toasts");
  if (!holder) return;
  const close = make("button", { type: "button", "aria-label": "关闭提示" }, "×");
  const line = make("div", { class: "toast-line" }, url ? make("a", { href: url }, text) : text, close);
  close.addEventListener("click", () => line.remove());
  holder.append(line);
  if (!stays) setTimeout(() => line.remove(), 8000);
}
