// Guards: one press sends once, a grave step asks first, and typed text is not lost unseen.
import { ask } from "./dialogs.js";
import { on } from "./dom.js";

const dirty = new WeakSet();
const done = new WeakSet();
let leaving = false;

export const isDirty = (inside) =>
  [...inside.querySelectorAll("form[data-unsaved]")].some((form) => dirty.has(form));

export function forget(inside) {
  inside.querySelectorAll("form[data-unsaved]").forEach((form) => dirty.delete(form));
}

/** The step succeeded and the page goes on: nothing is unsaved any more, and this form sends nothing again. */
export function goOn(form) {
  if (!form?.matches?.("form")) return;
  done.add(form);
  dirty.delete(form);
  form.closest("dialog")?.close();
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
    done.delete(form);
    busy(form, null, false);
    leaving = false;
  };
  // Before htmx follows the redirect, which asks «离开此网站?» at once where something is still unsaved. One who was
  // signed out meanwhile is led away too (401, 403), and is asked: what was typed is not kept there.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { xhr, elt } = event.detail;
    if (xhr.status < 400 && xhr.getResponseHeader("HX-Redirect")) goOn(elt);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt?.closest?.("form[data-sent]");
    if (form && !done.has(form)) release(form);
    if (event.detail.successful && event.detail.elt?.matches?.("form[data-unsaved]")) dirty.delete(event.detail.elt);
  });
  // Back from the next page: the browser may show this one as it was left.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));

  on("input", "form[data-unsaved]", (event, form) => dirty.add(form));
  // A refused form comes back as another one, and holds what was typed all the same.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.xhr.status < 400) return;
    event.detail.target.querySelectorAll("form[data-unsaved]").forEach((form) => dirty.add(form));
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && isDirty(document)) event.preventDefault();
  });
  document.querySelector("[data-error-summary]")?.focus();
}
