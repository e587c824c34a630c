// What comes back from the server through htmx: parts, whole pages, letters, silence.
import { showLetter } from "./dialogs.js";
import { toast } from "./dom.js";
import { goOn } from "./guards.js";

const isPage = (text) => /^\s*<!doctype html/i.test(text);

function beforeSwap(event) {
  const { xhr, requestConfig, target } = event.detail;
  if (!isPage(xhr.responseText)) return;
  const asked = new URL(requestConfig.path, location.href).pathname;
  const came = xhr.responseURL ? new URL(xhr.responseURL).pathname : asked;
  const selected = requestConfig.elt?.getAttribute?.("hx-select");
  const sameList = selected && came === asked && requestConfig.verb === "get" && xhr.responseText.includes(`id="${selected.slice(1)}"`);
  if (sameList) return;
  // A whole page where a part was asked: signed out, redirected after success, or no part there.
  event.detail.shouldSwap = false;
  event.detail.isError = false;
  if (xhr.status < 400) {
    if (requestConfig.verb !== "get") goOn(requestConfig.elt);
    location.assign(xhr.responseURL || requestConfig.path);
  }
  else if (target) toast("这一步没有办成，请刷新页面后再试。", "", true);
}

export function startAnswers() {
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]')?.content;
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token;
  });
  document.addEventListener("htmx:beforeSwap", beforeSwap);
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    if (showLetter(xhr.responseText)) return;
    toast(`这一步没有办成（${xhr.status}）。填写的内容还在页面上，请稍后再试。`, "", true);
  });
  for (const silence of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(silence, () => toast("没有连上服务器。填写的内容还在页面上，请检查网络后再试。", "", true));
  }
}
