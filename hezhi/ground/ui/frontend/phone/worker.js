// The service worker keeps the pages that work without a line; which ones, the page itself says.
export async function startWorker() {
  const url = document.body.dataset.worker;
  if (!url || !("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(url);
    const ready = await navigator.serviceWorker.ready;
    if (!document.querySelector("form[data-report]") && !("keep" in document.body.dataset)) return;
    const files = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]")].map((one) => one.href || one.src);
    const centres = document.querySelector("form[data-centres]")?.dataset.centres;
    navigator.serviceWorker.addEventListener("message", ({ data }) => {
      if (data?.kept === location.pathname) document.documentElement.dataset.kept = "1";
    });
    ready.active.postMessage({
      keep: [...files, ...(document.querySelector("[data-media-input]") ? [new URL(document.body.dataset.media, location.href).href] : []), ...(centres ? [new URL(centres, location.href).href] : [])],
      page: location.pathname,
    });
    // Only an installed page may hope to be kept for good.
    if (matchMedia("(display-mode: standalone)").matches) navigator.storage?.persist?.();
  } catch {
    // Plain http or a browser without workers: the page still works with a line.
  }
}
