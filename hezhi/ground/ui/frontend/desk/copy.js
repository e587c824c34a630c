// Copying a shown value (复制): the button says when it is done; without the right to copy it is selected instead.
import { on } from "./dom.js";

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  if (!field) return;
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = "已复制";
  } catch {
    field.select();
    button.textContent = "已选中，请按 Ctrl+C";
  }
  setTimeout(() => { button.textContent = "复制"; }, 4000);
}

export function startCopy() {
  on("click", "[data-copy]", (event, button) => copy(button));
}
