// Files: each chosen one is named under its field and can be taken away, and all of them outlive a refused dialog.
import { make, on } from "./dom.js";

const FIELDS = "input[type=file]";
const chosen = new WeakMap();
let waiting = null;

const filesOf = (field) => chosen.get(field) ?? [...field.files];
const same = (one, other) =>
  one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;

function size(bytes) {
  return bytes >= 1e5 ? `${(bytes / 2 ** 20).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`;
}

/** Put these files into the field, and name them under it where they may be several. */
function put(field, files) {
  const carrier = new DataTransfer();
  files.forEach((file) => carrier.items.add(file));
  field.files = carrier.files;
  chosen.set(field, files);
  if (field.multiple) name(field, files);
}

function name(field, files) {
  const known = field.nextElementSibling?.matches(".chosen-files") ? field.nextElementSibling : null;
  const list = known ?? make("ul", { class: "chosen-files", "aria-label": "已选文件" });
  list.replaceChildren(...files.map((file) => line(field, file)));
  list.hidden = !files.length;
  if (!known) field.after(list);
}

function line(field, file) {
  const away = make("button", { type: "button", "aria-label": `移除 ${file.name}` }, "移除");
  away.addEventListener("click", () => {
    put(field, filesOf(field).filter((one) => one !== file));
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  return make("li", {}, make("span", { class: "chosen-name" }, file.name), make("span", { class: "chosen-size" }, size(file.size)), away);
}

// Who chooses again wants more; the browser would let go what was chosen before.
function add(field) {
  const before = field.multiple ? chosen.get(field) ?? [] : [];
  const fresh = [...field.files].filter((file) => !before.some((one) => same(one, file)));
  put(field, [...before, ...fresh]);
}

/** The fields of the form that is about to be replaced, by the address it was sent to. */
function keep(place) {
  const form = place.querySelector("form");
  const full = [...(form?.querySelectorAll(FIELDS) ?? [])].filter((field) => field.files.length);
  waiting = full.length ? { action: form.action, files: new Map(full.map((field) => [field.name, filesOf(field)])) } : null;
}

function giveBack(place) {
  const form = place.querySelector("form");
  if (!waiting || form?.action !== waiting.action) return;
  const fields = [...form.querySelectorAll(FIELDS)].filter((field) => waiting.files.has(field.name));
  fields.forEach((field) => put(field, waiting.files.get(field.name)));
  // The server cannot know that they are back in their fields.
  if (fields.length === waiting.files.size) {
    place.querySelectorAll("[data-choose-again]").forEach((said) => { said.hidden = true; });
  }
}

export function startFiles() {
  on("change", FIELDS, (event, field) => add(field));
  document.addEventListener("htmx:beforeSwap", (event) => keep(event.detail.target));
  document.addEventListener("htmx:afterSwap", (event) => {
    giveBack(event.detail.target);
    waiting = null;
  });
}
