// Dialogs: those in the page, the shared one that fetches a form, and the question before a grave step.
import htmx from "htmx.org";
import { make, on, toast } from "./dom.js";
import { forget, isDirty } from "./guards.js";

const shared = () => document.getElementById("dialog");
const sharedBody = () => document.getElementById("dialog-body");

function close(dialog) {
  if (isDirty(dialog) && !window.confirm("填写的内容还没有提交，确定关闭吗？")) return;
  forget(dialog);
  dialog.close();
  if (dialog === shared()) sharedBody().replaceChildren();
}

async function fetchInto(url) {
  await htmx.ajax("GET", url, { target: "#dialog-body", swap: "innerHTML" });
  if (!sharedBody().hasChildNodes()) return;
  if (!shared().open) shared().showModal();
  const first = sharedBody().querySelector("[autofocus], .form-control, .form-select, input, button");
  first?.focus();
}

/** Ask before a grave step; gives true when the person agrees. */
export function ask(sentence) {
  return new Promise((answer) => {
    const yes = make("button", { type: "button", class: "btn btn-primary" }, "确定");
    const no = make("button", { type: "button", class: "btn" }, "取消");
    const text = make("p", { id: "ask-text" }, sentence);
    const box = make(
      "dialog",
      { class: "dialog", "aria-labelledby": "ask-text" },
      make("div", { class: "dialog-body" }, text, make("div", { class: "form-actions" }, yes, no)),
    );
    const finish = (result) => {
      box.close();
      box.remove();
      answer(result);
    };
    yes.addEventListener("click", () => finish(true));
    no.addEventListener("click", () => finish(false));
    box.addEventListener("cancel", () => finish(false));
    document.body.append(box);
    box.showModal();
    yes.focus();
  });
}

/** Show a letter of refusal that the server sent as a part of a page. */
export function showLetter(markup) {
  const page = new DOMParser().parseFromString(markup, "text/html");
  const letter = page.querySelector(".letter");
  if (!letter) return false;
  sharedBody().replaceChildren(document.importNode(letter, true));
  if (!shared().open) shared().showModal();
  return true;
}

export function startDialogs() {
  on("click", "[data-dialog]", (event, opener) => {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (!dialog) return;
    event.preventDefault();
    dialog.showModal();
  });
  on("click", "a[data-dialog-url]", (event, link) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    fetchInto(link.href).catch(() => toast("没有取到表单，请检查网络后再试。", "", true));
  });
  on("click", "[data-close]", (event, button) => {
    const dialog = button.closest("dialog");
    if (dialog) close(dialog);
  });
  document.addEventListener("cancel", (event) => {
    if (!(event.target instanceof HTMLDialogElement) || !isDirty(event.target)) return;
    event.preventDefault();
    close(event.target);
  }, true);
}
