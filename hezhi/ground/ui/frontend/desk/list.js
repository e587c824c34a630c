// The list pattern: htmx swaps #listing-body, every state stays in the url, keys move through the rows.
import htmx from "htmx.org";
import { on } from "./dom.js";

const rows = () => [...document.querySelectorAll("[data-rows] [data-row]")];
const here = () => document.querySelector("[data-row].is-here") ?? document.querySelector('[data-row][aria-current="true"]');
let waiting = 0;

/** Give links and the filter form their htmx attributes; without a script they are plain links. */
function wire(root) {
  const links = root.querySelectorAll("a[data-list-link]:not([hx-get])");
  links.forEach((link) => {
    const whole = link.dataset.listLink === "all";
    link.setAttribute("hx-get", link.getAttribute("href"));
    wireTo(link, whole ? "#listing" : "#listing-body");
  });
  const form = root.querySelector("form[data-filters]:not([hx-get])");
  if (form) {
    form.setAttribute("hx-get", location.pathname);
    form.setAttribute("hx-trigger", "submit, apply");
    wireTo(form, "#listing-body");
  }
}

function wireTo(element, target) {
  element.setAttribute("hx-target", target);
  element.setAttribute("hx-select", target);
  element.setAttribute("hx-swap", "outerHTML");
  element.setAttribute("hx-push-url", "true");
  element.setAttribute("hx-indicator", "#listing");
  htmx.process(element);
}

/** Empty fields stay out of the url, and so do the columns while they are the usual ones. */
function tidy(event) {
  const form = event.detail.elt;
  if (!form.matches?.("form[data-filters]")) return;
  const given = event.detail.parameters;
  const columns = [...form.querySelectorAll("input[name=columns]")];
  const usual = columns.every((box) => box.checked === box.defaultChecked);
  if (usual && !new URLSearchParams(location.search).has("columns")) delete given.columns;
  for (const name of new Set(Object.keys(given))) {
    if (given[name] === "") delete given[name];
  }
}

/** A chip or a sorted head may change what a select stands for: read it back from the url. */
function follow() {
  const asked = new URLSearchParams(location.search);
  document.querySelectorAll("form[data-filters] > select").forEach((select) => {
    const value = asked.get(select.name) ?? "";
    if ([...select.options].some((option) => option.value === value)) select.value = value;
  });
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const now = all.indexOf(here());
  const next = all[Math.min(Math.max(now + by, 0), all.length - 1)];
  here()?.classList.remove("is-here");
  next.classList.add("is-here");
  next.scrollIntoView({ block: "nearest" });
  if (next.closest('[data-rows="open"]') && all.indexOf(next) !== now) return open();
  (next.querySelector("a[data-open]") ?? next.querySelector("a, input"))?.focus({ preventScroll: true });
}

function tick() {
  const box = here()?.querySelector("input[name=chosen]");
  if (box) box.click();
}

function open() {
  const link = here()?.querySelector("a[data-open]") ?? here()?.querySelector("a");
  if (link) link.click();
}

function count(form) {
  const boxes = [...form.querySelectorAll("input[name=chosen]")];
  const chosen = boxes.filter((box) => box.checked).length;
  boxes.forEach((box) => box.closest("tr").classList.toggle("is-chosen", box.checked));
  form.querySelector("[data-bulk-count]").textContent = chosen;
  form.querySelector("[data-bulk-bar]").hidden = chosen === 0;
  const all = form.querySelector("[data-tick-all]");
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

export function startList() {
  document.addEventListener("htmx:configRequest", tidy);
  document.addEventListener("htmx:pushedIntoHistory", follow);
  htmx.onLoad((root) => wire(root.parentElement ?? root));
  wire(document);
  // A queue that scrolls shows where one is.
  document.querySelector('[data-rows="open"] [aria-current="true"]')?.scrollIntoView({ block: "nearest", inline: "center" });

  on("change", "form[data-filters] > select, form[data-filters] input[type=date]", (event, field) =>
    htmx.trigger(field.form, "apply"));
  on("input", "[data-search]", (event, field) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => htmx.trigger(field.form, "apply"), 400);
  });
  on("change", "form[data-bulk]", (event, form) => {
    if (event.target.matches("[data-tick-all]")) {
      form.querySelectorAll("input[name=chosen]").forEach((box) => (box.checked = event.target.checked));
    }
    count(form);
  });
  on("click", "[data-bulk-clear]", (event, button) => {
    button.form.querySelectorAll("input[type=checkbox]").forEach((box) => (box.checked = false));
    count(button.form);
  });
}

export const listKeys = {
  "/": () => document.querySelector("[data-search]")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  x: tick,
  Enter: open,
};
