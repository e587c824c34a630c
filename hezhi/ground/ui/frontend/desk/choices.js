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

export function startChoices() {
  const look = (place) => place.querySelectorAll(".choices").forEach(narrow);
  look(document);
  document.addEventListener("htmx:load", (event) => look(event.target));
}
