// Taking a template (套用模板) in the page itself: what else was typed, and files already chosen, stay as they are.
import { on } from "./dom.js";

const FIELDS = ["public_reply", "reply", "reason"];

function take(event, button) {
  const { form } = button;
  // With a category still to be chosen the server fills in the words for it.
  if (!form || form.querySelector("[name=category]")) return;
  const field = FIELDS.map((name) => form.querySelector(`textarea[name=${name}]`)).find(Boolean);
  const words = button.closest(".order")?.querySelector(".order-text")?.innerText.trim();
  if (!field || !words) return;
  event.preventDefault();
  const before = field.value.trim();
  if (before !== words) field.value = before ? `${before}\n${words}` : words;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  button.closest("details")?.removeAttribute("open");
  field.focus();
}

export function startTemplates() {
  on("click", "button[name=template]", take);
}
