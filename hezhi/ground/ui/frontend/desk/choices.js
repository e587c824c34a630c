// Long groups of choices: a field narrows them by name. What is ticked stays in sight; without script all of them stand there.
import { make } from "./dom.js";

const MANY = 18; // more than stand in sight at once

function narrow(group) {
  const labels = [...group.querySelectorAll("label")];
  const lines = labels.map((label) => ({
    line: label.parentElement, box: label.querySelector("input"), name: label.textContent.trim(),
  })).filter(({ box }) => box);
  const parts = labels.filter((label) => !label.querySelector("input")).map((label) => label.parentElement); // under a heading
  if (lines.length <= MANY || group.classList.contains("is-many")) return;
  group.classList.add("is-many");
  const legend = group.closest("fieldset")?.querySelector("legend")?.firstChild?.data?.trim() ?? "";
  const said = make("p", { class: "field-hint", role: "status" });
  const field = make("input", {
    type: "search", class: "form-control choices-filter", autocomplete: "off",
    "aria-label": `筛选${legend}`, placeholder: `输入名称，从 ${lines.length} 项中筛选`,
  });
  const fitting = () => {
    const words = field.value.trim().split(/\s+/);
    return lines.filter(({ name }) => words.every((word) => name.includes(word)));
  };
  const show = () => {
    const found = new Set(fitting());
    for (const each of lines) each.line.hidden = !(found.has(each) || each.box.checked);
    for (const part of parts) part.hidden = !part.querySelector("div:not([hidden])");
    said.textContent = !field.value.trim() ? "" : found.size ? `符合 ${found.size} 项` : "没有符合的，请换个词。";
  };
  // Looking for a name is no change of the form.
  field.addEventListener("input", (event) => (event.stopPropagation(), show()));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const [only, another] = fitting();
    if (only && !another) only.box.click();
  });
  group.before(field, said);
}

/** A long select (其他类别、其他单位): a field before it narrows it by name, Enter takes the first that fits. */
function narrowSelect(select) {
  const options = [...select.options].filter((option) => option.value && !option.disabled);
  if (options.length <= MANY || select.classList.contains("is-many")) return;
  select.classList.add("is-many");
  const said = make("p", { class: "field-hint", role: "status" });
  const field = make("input", {
    type: "search", class: "form-control choices-filter", autocomplete: "off",
    "aria-label": `查找${select.dataset.narrow}`, placeholder: `输入名称，从 ${options.length} 项中查找`,
  });
  const fitting = () => {
    const words = field.value.trim().split(/\s+/);
    return options.filter(({ text }) => words.every((word) => text.includes(word)));
  };
  const show = () => {
    const found = new Set(fitting());
    for (const each of options) each.hidden = !(found.has(each) || each.selected);
    for (const group of select.querySelectorAll("optgroup")) group.hidden = !group.querySelector("option:not([hidden])");
    const first = found.values().next().value;
    said.textContent = !field.value.trim() ? "" : first ? `符合 ${found.size} 项，回车选「${first.text}」` : "没有符合的，请换个词。";
  };
  field.addEventListener("input", (event) => (event.stopPropagation(), show()));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.isComposing) return;
    event.preventDefault();
    const [first] = field.value.trim() ? fitting() : [];
    if (!first) return;
    select.value = first.value;
    select.dispatchEvent(new Event("input", { bubbles: true }));
    select.dispatchEvent(new Event("change", { bubbles: true }));
    field.value = "";
    show();
    said.textContent = `已选「${first.text}」`;
    field.blur();
  });
  select.before(field, said);
}

export function startChoices() {
  const look = (place) => {
    place.querySelectorAll(".choices").forEach(narrow);
    place.querySelectorAll("select[data-narrow]").forEach(narrowSelect);
  };
  look(document);
  document.addEventListener("htmx:load", (event) => look(event.target));
}
