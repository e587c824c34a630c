// The phone: large view, plain forms, outbox, report form, service worker.
import { startCounting } from "../phone/counting.js";
import { startForms } from "../phone/forms.js";
import { startOutbox } from "../phone/outbox.js";
import { startReport } from "../phone/report.js";
import { startSending } from "../phone/sending.js";
import * as store from "../phone/store.js";
import { startView } from "../phone/view.js";
import { startWorker } from "../phone/worker.js";

startView();
startForms();
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
