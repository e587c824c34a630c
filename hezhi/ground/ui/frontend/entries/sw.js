// The service worker: pages that asked to be kept open without a line; nothing is sent from here.
const PREFIX = "hezhi-page-";
const PATIENCE_MS = 4000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  if (event.data?.forget) event.waitUntil(forget());
  if (event.data?.keep) event.waitUntil(keep(event.data.page, event.data.keep).then(() => event.source?.postMessage({ kept: event.data.page })));
});

async function forget() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX)).map((name) => caches.delete(name)));
}

async function keep(page, urls) {
  const box = await caches.open(PREFIX + page);
  const wanted = [...urls, page].map((url) => new URL(url, self.location.origin).href);
  const take = async (url) => {
    const answer = await fetch(url, { credentials: "same-origin" });
    // A page that led to the sign-in must not be kept in place of the form.
    if (answer.ok && !answer.redirected) await box.put(url, answer);
  };
  // The page comes last: kept without its style and script it would be of no use.
  await Promise.all(wanted.slice(0, -1).map(take));
  await take(wanted.at(-1));
  for (const request of await box.keys()) if (!wanted.includes(request.url)) await box.delete(request);
}

const bare = (url) => url.split(/[?#]/)[0];

function patient(request) {
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error("slow")), PATIENCE_MS);
    fetch(request).then(done, failed).finally(() => clearTimeout(timer));
  });
}

async function page(request) {
  const kept = await caches.match(bare(request.url), { ignoreVary: true });
  try {
    const answer = await (kept ? patient(request) : fetch(request));
    if (kept && answer.ok && !answer.redirected) {
      const box = await caches.open(PREFIX + new URL(request.url).pathname);
      await box.put(bare(request.url), answer.clone());
    }
    return answer;
  } catch {
    return kept || offline();
  }
}

async function file(request) {
  const kept = await caches.match(request.url, { ignoreVary: true });
  if (!kept) return fetch(request);
  fetch(request).then(async (answer) => {
    if (!answer.ok) return;
    for (const name of await caches.keys()) {
      const box = await caches.open(name);
      if (await box.match(request.url)) await box.put(request.url, answer.clone());
    }
  }).catch(() => {});
  return kept;
}

async function offline() {
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
  const links = names.map((path) => `<p><a class="btn btn-primary btn-wide" href="${encodeURI(path)}">打开已保存的页面</a></p>`).join("");
  const style = (await Promise.all(names.map(async (name) => (await (await caches.open(PREFIX + name)).keys()).map((one) => one.url)))).flat().find((url) => url.endsWith(".css"));
  const sheet = style ? `<link rel="stylesheet" href="${encodeURI(style)}">` : "";
  return new Response(
    `<!doctype html><html lang="zh-CN" class="phone"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>没有网络</title>${sheet}<body class="phone-body"><main class="phone-main"><section class="card"><h1>现在没有网络</h1><p>这一页需要联网。已填写的上报仍保存在本机，有网络后自动发送。</p>${links}</section></main>`,
    { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } },
  );
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (["style", "script", "image", "font"].includes(request.destination) || request.url.endsWith(".json")) event.respondWith(file(request));
});
