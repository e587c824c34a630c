// Live counts and notices: one stream of server-sent events while the page is open.
import { toast } from "./dom.js";
import { ringing } from "./ringing.js";

function show(counts) {
  for (const [name, value] of Object.entries(counts)) {
    document.querySelectorAll(`[data-count="${CSS.escape(name)}"]`).forEach((badge) => {
      badge.textContent = value;
      badge.hidden = !value;
    });
  }
}

export function startNews() {
  const url = document.body.dataset.stream;
  if (!url || !window.EventSource) return;
  let stream = null;
  const open = () => {
    stream = new EventSource(url, { withCredentials: true });
    stream.addEventListener("counts", (event) => show(JSON.parse(event.data)));
    stream.addEventListener("notice", (event) => {
      const notice = JSON.parse(event.data);
      toast(notice.text, notice.url);
    });
    stream.addEventListener("calls", (event) => ringing(JSON.parse(event.data).ringing));
  };
  open();
  window.addEventListener("pagehide", () => stream.close());
  window.addEventListener("pageshow", (event) => event.persisted && open());
}
