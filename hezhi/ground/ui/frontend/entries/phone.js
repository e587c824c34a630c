// The phone: large view, outbox, report form, service worker.
import { startCounting } from "../phone/counting.js";
import { startOutbox } from "../phone/outbox.js";
import { startReport } from "../phone/report.js";
import { startSending } from "../phone/sending.js";
import * as store from "../phone/store.js";
import { startView } from "../phone/view.js";
import { startWorker } from "../phone/worker.js";

startView();
startGuard();
startCounting();
start();

async function start() {
  const form = document.querySelector("form[data-report]");
  const edit = form ? await startReport(form) : null;
  document.documentElement.dataset.ready = "1";
  if (!(await store.usable())) return;
  startOutbox(edit);
  startSending();
  startWorker();
}

/** One press sends a plain form once. */
function startGuard() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-guard]:not([data-report])")) return;
    if (form.dataset.sent) event.preventDefault();
    else form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
}
