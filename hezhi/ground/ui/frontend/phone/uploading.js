// A large file on a slow line: how far it is, and no end by the clock as long as something moves.
const STALL_MS = 60_000;

/** PUT a file; `told` hears the share that has gone. Gives what `fetch` would; throws when the line is down. */
export function putMedia(url, blob, csrf, told) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    let timer = 0;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALL_MS);
    };
    request.open("PUT", url);
    request.setRequestHeader("Content-Type", blob.type);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrf);
    request.upload.addEventListener("progress", (event) => {
      alive();
      if (event.lengthComputable) told(event.loaded / event.total);
    });
    for (const name of ["error", "abort"]) request.addEventListener(name, () => failed(new Error("line")));
    request.addEventListener("loadend", () => clearTimeout(timer));
    request.addEventListener("load", () => done({
      ok: request.status >= 200 && request.status < 300,
      status: request.status,
      redirected: Boolean(request.responseURL) && new URL(request.responseURL).pathname !== new URL(url, location.href).pathname,
      json: async () => JSON.parse(request.responseText),
    }));
    alive();
    request.send(blob);
  });
}
