// The phone's own memory: reports and their photos in IndexedDB. A report is a draft first, then it waits.
let opening = null;

function open() {
  opening ??= new Promise((done, failed) => {
    const request = indexedDB.open("hezhi", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("reports", { keyPath: "id" });
      request.result.createObjectStore("photos", { keyPath: ["report", "n"] });
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  return opening;
}

async function work(store, mode, act) {
  const db = await open();
  return new Promise((done, failed) => {
    const transaction = db.transaction(store, mode);
    const request = act(transaction.objectStore(store));
    transaction.oncomplete = () => done(request?.result);
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
  });
}

const photosOf = (report) => IDBKeyRange.bound([report, 0], [report, Infinity]);

export const usable = () => open().then(() => true, () => false);
export const reports = () => work("reports", "readonly", (store) => store.getAll());
export const report = (id) => work("reports", "readonly", (store) => store.get(id));
export const save = (item) => work("reports", "readwrite", (store) => store.put(item)).then(changed);
export const photos = (id) => work("photos", "readonly", (store) => store.getAll(photosOf(id)));
export const savePhoto = (photo) => work("photos", "readwrite", (store) => store.put(photo)).then(() => window.dispatchEvent(new Event("hezhi:photo")));
export const photoKeys = () => work("photos", "readonly", (store) => store.getAllKeys());
export const dropPhoto = (id, n) => work("photos", "readwrite", (store) => store.delete([id, n]));
export const dropPhotos = (id) => work("photos", "readwrite", (store) => store.delete(photosOf(id)));

export async function drop(id) {
  await dropPhotos(id);
  await work("reports", "readwrite", (store) => store.delete(id));
  changed();
}

/** Change some fields of a report; nothing happens when it is gone. */
export async function change(id, fields) {
  const item = await report(id);
  if (item) await save({ ...item, ...fields });
}

function changed() {
  window.dispatchEvent(new Event("hezhi:outbox"));
}

/** A random UUID; older phones and plain http lack crypto.randomUUID. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
