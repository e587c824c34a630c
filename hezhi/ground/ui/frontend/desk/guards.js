// Guards: one press sends once, a grave step asks first, and typed text is not lost unseen.
import { ask } from "./dialogs.js";
import { on } from "./dom.js";

const dirty = new WeakSet();
let leaving = false;

export const isDirty = (inside) =>
  [...inside.querySelectorAll("form[data-unsaved]")].some((form) => dirty.has(form));

export function forget(inside) {
  inside.querySelectorAll("form[data-unsaved]").forEach((form) => dirty.delete(form));
}

function busy(form, button, state) {
  if (state) form.dataset.sent = "1";
  else delete form.dataset.sent;
  const buttons = state ? [button].filter(Boolean) : form.querySelectorAll("[aria-busy]");
  buttons.forEach((one) => (state ? one.setAttribute("aria-busy", "true") : one.removeAttribute("aria-busy")));
}

function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

async function askAndSend(form, button, sentence) {
  if (!(await ask(sentence))) return;
  form.dataset.agreed = "1";
  form.requestSubmit(button ?? undefined);
}

export function startGuards() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    const sentence = button?.dataset.confirm || form.dataset.confirm;
    if (sentence && !form.dataset.agreed) {
      stop(event);
      askAndSend(form, button, sentence);
      return;
    }
    delete form.dataset.agreed;
    if (!("guard" in form.dataset)) return;
    if (form.dataset.sent) return stop(event);
    busy(form, button, true);
    if (!form.hasAttribute("hx-post")) leaving = true;
  }, true);

  const release = (form) => {
    busy(form, null, false);
    leaving = false;
  };
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt?.closest?.("form[data-sent]");
    if (form) release(form);
    if (event.detail.successful && event.detail.elt?.matches?.("form[data-unsaved]")) dirty.delete(event.detail.elt);
  });
  // Back from the next page: the browser may show this one as it was left.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));

  on("input", "form[data-unsaved]", (event, form) => dirty.add(form));
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && isDirty(document)) event.preventDefault();
  });
  document.querySelector("[data-error-summary]")?.focus();
}
