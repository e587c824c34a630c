// What a form shows of itself: fields that another answer sets aside, how much may still be written, the id it was drawn with.
import { make, on } from "./dom.js";

const NEAR = 0.9;

/** Whether the answer named by `rule` («name=value») is given in this form. */
function given(form, rule) {
  const [name, value] = rule.split("=");
  return [...form.elements].some((one) => one.name === name && one.checked && one.value === value);
}

function set(form) {
  for (const one of form.querySelectorAll("[data-off-if], [data-gone-if]")) {
    const { offIf, goneIf } = one.dataset;
    one.disabled = given(form, offIf ?? goneIf);
    if (goneIf) one.closest(".field").hidden = one.disabled;
  }
}

// The browser's own limit would cut what is pasted without a word; the server judges, and this says how far one may go.
function count(field) {
  const most = Number(field.dataset.most);
  const written = [...field.value].length;
  let line = field.nextElementSibling?.matches(".field-count") ? field.nextElementSibling : null;
  if (written < most * NEAR) return line?.remove();
  if (!line) {
    line = make("p", { class: "field-hint field-count", role: "status" });
    field.after(line);
  }
  line.classList.toggle("field-error", written > most);
  line.textContent = written > most ? `超出 ${written - most} 个字（最多 ${most} 个字），请精简。` : `还可写 ${most - written} 个字。`;
}

// Back from the next page the form may be drawn anew, with another id: this one's own entry in the history remembers it.
function keep(field) {
  const kept = history.state?.[field.name];
  if (kept) field.value = kept;
  else history.replaceState({ ...history.state, [field.name]: field.value }, "");
}

export function startForms() {
  const look = (place) => {
    place.querySelectorAll("form").forEach(set);
    if (place.matches?.("form")) set(place);
    place.querySelectorAll("[data-most]").forEach(count);
  };
  look(document);
  document.querySelectorAll("[data-keep]").forEach(keep);
  document.addEventListener("htmx:load", (event) => look(event.target));
  // Back: what was typed comes back after the page was read.
  window.addEventListener("pageshow", () => look(document));
  on("change", "form", (event, form) => set(form));
  on("input", "[data-most]", (event, field) => count(field));
}
