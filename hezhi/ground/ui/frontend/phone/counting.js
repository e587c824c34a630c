// How much still fits (字数): said near the limit, and when the end of what was pasted did not fit.
import { make } from "./dom.js";
import { say } from "./words.js";

const LONG = 100; // shorter fields are seen at one glance
const NEAR = 0.9;
const lines = new WeakMap();

const isLong = (field) => field?.maxLength >= LONG && field.form?.method === "post";

function tell(field, text) {
  let line = lines.get(field);
  if (!line && !text) return;
  if (!line) {
    line = make("p", { class: "phone-note", role: "status" });
    lines.set(field, line);
    field.after(line);
  }
  line.textContent = text;
  line.hidden = !text;
}

function count({ target: field }) {
  if (!isLong(field)) return;
  const [written, most] = [field.value.length, field.maxLength];
  if (written < most * NEAR) tell(field, "");
  else tell(field, written < most ? say`已写 ${written} 字，最多 ${most} 字。` : say`已满 ${most} 字，再写的放不下了。`);
}

function pasted(event) {
  const field = event.target;
  if (!isLong(field)) return;
  const text = (event.clipboardData?.getData("text/plain") || "").replace(/\r\n?/g, "\n");
  const over = text.length - (field.maxLength - field.value.length + field.selectionEnd - field.selectionStart);
  // Said after the browser has put in what fits and has told so itself.
  if (over > 0) setTimeout(() => tell(field, say`最多 ${field.maxLength} 字，粘贴的文字最后 ${over} 字没有放进来，请精简。`));
}

export function startCounting() {
  document.addEventListener("input", count);
  document.addEventListener("paste", pasted);
  document.addEventListener("reset", ({ target }) => [...target.elements].forEach((field) => tell(field, "")));
}
