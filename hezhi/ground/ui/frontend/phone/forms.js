// Plain forms on a phone (普通表单), sent by POST: without a line they are held back, what must be filled in is asked for
// before the server is, and what was typed outlasts a reload. Without scripts they are sent the plain way.
import { IDLE_MS, account } from "./sending.js";
import { make } from "./dom.js";
import { say } from "./words.js";

const PLAIN = "form[data-guard]:not([data-report])";
const LINE_MS = 8000;

// -- a told line ------------------------------------------------------------------------------------

/** One line of a form's own, above its button. */
function tell(form, text, good = false) {
  let told = form.querySelector("[data-told]");
  if (!told) {
    if (!text) return;
    told = make("p", { class: "form-told", "data-told": "" });
    (form.querySelector(".send-bar") ?? form.querySelector("[type=submit]")).before(told);
  }
  told.setAttribute("role", good ? "status" : "alert");
  told.classList.toggle("is-good", good);
  told.hidden = !text;
  told.textContent = text;
  if (text && !good) told.scrollIntoView({ block: "center" });
}

// -- what must be filled in -------------------------------------------------------------------------

const isChoice = (field) => field.type === "radio" || field.type === "checkbox";
const labelOf = (field) => (isChoice(field) && field.closest("fieldset")?.querySelector("legend")) || field.labels?.[0];
const nameOf = (field) => labelOf(field)?.firstChild?.textContent.trim() ?? "";

/** Fields that another answer makes necessary: data-must-if="solved=no satisfied=no". */
function mark(form) {
  form.querySelectorAll("[data-must-if]").forEach((field) => {
    const must = field.dataset.mustIf.split(" ").some((one) => {
      const [name, value] = one.split("=");
      return [...form.elements].some((each) => each.name === name && each.value === value && each.checked);
    });
    if (field.required === must) return;
    field.required = must;
    const label = labelOf(field);
    if (must) label?.append(make("span", { class: "must", "aria-hidden": "true" }, "*"));
    else label?.querySelector(".must")?.remove();
  });
}

const MISSING = "missing-";

function describe(field, id) {
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((each) => each && !each.startsWith(MISSING));
  const all = [...others, id].join(" ").trim();
  if (all) field.setAttribute("aria-describedby", all);
  else field.removeAttribute("aria-describedby");
}

/** Mark what is missing where it is missing; the first of it, or none. */
function missing(form) {
  form.querySelectorAll("[data-missing]").forEach((one) => one.remove());
  for (const field of form.elements) describe(field, "");
  const seen = new Set();
  let first = null;
  for (const field of form.elements) {
    if (!field.name || seen.has(field.name)) continue;
    const blank = field.required && field.type !== "hidden" && (field.validity.valueMissing || (!isChoice(field) && !field.value.trim()));
    if (!blank) {
      field.removeAttribute("aria-invalid");
      continue;
    }
    seen.add(field.name);
    first ??= field;
    const id = `${MISSING}${field.name}`;
    const choosing = isChoice(field) || field.tagName === "SELECT" || field.type === "file";
    const line = make("p", { class: "field-error", id, "data-missing": "" }, choosing ? say`请选择“${nameOf(field)}”。` : say`请填写${nameOf(field)}。`);
    field.setAttribute("aria-invalid", "true");
    describe(field, id);
    const box = (isChoice(field) && field.closest("fieldset")) || field.closest(".field");
    if (box) box.append(line);
    else field.after(line);
  }
  return first;
}

// -- what was typed ---------------------------------------------------------------------------------

const KEPT = "hezhi-typed:";
const KEEPS = "form[data-typed]";
const SHIFT_MS = 12 * 3600_000;
const keyOf = (form) => `${KEPT}${account()}:${new URL(form.getAttribute("action") || location.pathname, location.href).pathname}`;
const keys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(KEPT));
const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? "null");
const write = (key, kept) => sessionStorage.setItem(key, JSON.stringify(kept));
const isTyped = (field) => field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type);
const forget = () => keys().forEach((key) => sessionStorage.removeItem(key));

/** Only fields that were touched: of the others the page knows better. */
function keep(form, field) {
  if (!isTyped(field)) return;
  const all = [...form.elements].filter((each) => each.name === field.name);
  const values = isChoice(field) ? all.filter((each) => each.checked).map((each) => each.value)
    : field.multiple ? [...field.selectedOptions].map((each) => each.value) : [field.value];
  const key = keyOf(form);
  write(key, { fields: { ...read(key)?.fields, [field.name]: values }, at: Date.now(), page: location.pathname });
}

function restore(form) {
  const kept = read(keyOf(form));
  if (!kept) return;
  for (const field of form.elements) {
    const values = isTyped(field) && kept.fields[field.name];
    if (!values) continue;
    if (isChoice(field)) field.checked = values.includes(field.value);
    else if (field.multiple) for (const each of field.options) each.selected = values.includes(each.value);
    else field.value = values[0];
  }
  // After a refusal the page says itself that everything is still there.
  if (!document.querySelector("[data-error-summary]")) tell(form, say`已恢复上次没有提交的内容。`, true);
}

/** Away with what was taken in, with what is another person's, and with what a citizen left lying on a phone of many hands. */
function tidy(arriving) {
  const refused = document.querySelector("[data-error-summary], .flash-error, .card-wrong");
  const came = document.referrer && performance.getEntriesByType("navigation")[0]?.type !== "back_forward" ? new URL(document.referrer).pathname : "";
  for (const key of keys()) {
    const kept = read(key);
    const isOwn = key.startsWith(`${KEPT}${account()}:`);
    const isLeft = Date.now() - kept.at > (account() ? SHIFT_MS : IDLE_MS);
    // The answer to a form comes from the form's own page; from anywhere else one comes when nothing was sent after all.
    const isDone = arriving && kept.sent && came === kept.page && !refused;
    if (!isOwn || isLeft || isDone) sessionStorage.removeItem(key);
    else if (arriving && kept.sent) write(key, { ...kept, sent: false });
  }
}

function startKeeping() {
  try {
    tidy(true);
    document.querySelectorAll(KEEPS).forEach(restore);
  } catch {
    return; // no storage in this browser: the form itself is all there is
  }
  for (const name of ["input", "change"]) {
    document.addEventListener(name, ({ target }) => {
      try {
        if (target.form?.matches(KEEPS)) keep(target.form, target);
      } catch {
        // Full: what stands on the page stays there.
      }
    });
  }
  setInterval(() => tidy(false), 60_000);
  window.addEventListener("hezhi:forget", forget);
  // Later than the outbox, which may refuse to sign out.
  window.addEventListener("submit", (event) => {
    if (!event.defaultPrevented && event.target.matches("[data-logout], [data-forget]")) forget();
  });
}

/** On its way, or after all not: come back to, the page is as it was. */
function note(form, sent) {
  if (sent) form.dataset.sent = "1";
  else delete form.dataset.sent;
  try {
    const kept = form.matches(KEEPS) && read(keyOf(form));
    if (kept) write(keyOf(form), { ...kept, sent });
  } catch {
    // As above.
  }
}

// -- the line ---------------------------------------------------------------------------------------

/** Whether the server can be reached: a phone in a dead zone often believes it has a line. */
async function hasLine() {
  if (!navigator.onLine) return false;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), LINE_MS);
  try {
    await fetch(document.querySelector("link[rel=icon]").href, { method: "HEAD", cache: "no-store", mode: "same-origin", signal: patience.signal });
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

const held = new Set();
const tried = new WeakSet();

async function submitting(event) {
  const form = event.target;
  if (!form.matches(PLAIN) || event.defaultPrevented) return;
  if (tried.has(form)) return note(form, true);
  event.preventDefault();
  if (form.dataset.sent) return; // one press sends once
  const first = missing(form);
  if (first) return first.focus();
  form.dataset.sent = "1";
  const there = await hasLine();
  delete form.dataset.sent;
  if (!there) {
    const name = (event.submitter ?? form.querySelector("[type=submit]")).textContent.trim();
    held.add(form);
    return tell(form, say`现在没有网络，内容还在这一页，请不要关闭；联网后点“${name}”。`);
  }
  tried.add(form);
  form.requestSubmit(event.submitter);
  tried.delete(form);
}

function back() {
  held.forEach((form) => tell(form, say`网络已恢复，请再提交一次。`, true));
  held.clear();
}

/** Only the report is kept in the phone and sent later; the outbox says so in the header, of which the others take leave. */
function startLine() {
  if (document.querySelector("form[data-report]")) return;
  const places = [...document.querySelectorAll("[data-line]")];
  const show = () => places.forEach((place) => (place.textContent = navigator.onLine ? "" : say`离线，提交要等有网络`));
  places.forEach((place) => place.removeAttribute("data-line"));
  for (const name of ["online", "offline"]) window.addEventListener(name, show);
  show();
}

export function startForms() {
  startLine();
  startKeeping();
  document.querySelectorAll(PLAIN).forEach((form) => {
    // One wording, ours, of what is missing; without scripts it is the browser's.
    if (form.matches(KEEPS) || form.querySelector("[data-must-if]")) form.noValidate = true;
    mark(form);
  });
  document.addEventListener("change", ({ target }) => target.form?.matches(PLAIN) && mark(target.form));
  document.addEventListener("submit", submitting);
  window.addEventListener("online", back);
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => note(form, false));
  });
}
