// An incoming call on whatever page is open (来电): 接听 opens the call in a page of its own, so nothing typed here is lost.
import { make } from "./dom.js";

const shown = new Map();

async function reject(call) {
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  await fetch(`${call.url}reject/`, { method: "POST", headers: { Accept: "application/json", "X-CSRFToken": token } }).catch(() => {});
}

function line(call) {
  const answer = make("a", { class: "btn btn-primary", href: call.url, target: "_blank" }, "接听");
  const no = make("button", { class: "btn", type: "button" }, "拒接");
  const box = make("section", { class: "ring", role: "alertdialog", "aria-label": "来电" }, make("p", {}, call.text), make("div", {}, answer, no));
  const away = () => (box.remove(), shown.delete(call.id));
  answer.addEventListener("click", () => {
    localStorage.setItem("hezhi-answer", `${call.id} ${Date.now()}`);
    setTimeout(away, 0);
  });
  no.addEventListener("click", () => (reject(call), away()));
  return box;
}

/** Pages without other live news (the phone's): a stream for incoming calls alone. */
export function startRinging() {
  const url = document.body.dataset.stream;
  if (!url || !window.EventSource) return;
  let stream = null;
  const open = () => {
    stream = new EventSource(url, { withCredentials: true });
    stream.addEventListener("calls", (event) => ringing(JSON.parse(event.data).ringing));
  };
  open();
  window.addEventListener("pagehide", () => stream.close());
  window.addEventListener("pageshow", (event) => event.persisted && open());
}

/** Show what rings now, and take away what has stopped. */
export function ringing(calls) {
  const now = new Map(calls.map((call) => [call.id, call]));
  for (const [id, box] of shown) if (!now.has(id)) (box.remove(), shown.delete(id));
  for (const [id, call] of now) {
    if (shown.has(id) || location.pathname === call.url) continue;
    const box = line(call);
    shown.set(id, box);
    document.body.append(box);
  }
}
