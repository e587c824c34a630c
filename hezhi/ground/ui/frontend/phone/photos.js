// Photos: made small on the phone. Drawing on a canvas leaves EXIF behind, the camera's place too.
import { beside, make } from "./dom.js";
import * as store from "./store.js";
import { say } from "./words.js";

const LONG_SIDE = 1600;
const QUALITY = 0.82;
const AT_MOST = 6; // the channels take no more with one report

async function open(file) {
  if (window.createImageBitmap) {
    try {
      return await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch {
      // Older browsers know no options; an <img> turns the picture by itself.
    }
  }
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** A JPEG of at most 1600 pixels on its long side. */
export async function shrink(file) {
  const image = await open(file);
  const width = image.width || image.naturalWidth;
  const height = image.height || image.naturalHeight;
  const scale = Math.min(1, LONG_SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close?.();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  canvas.width = canvas.height = 0; // gives the memory back at once on small phones
  if (!blob) throw new Error("no picture");
  return blob;
}

function thumbnail(photo, number, drop) {
  const url = URL.createObjectURL(photo.blob);
  const image = make("img", { src: url, alt: say`第 ${number} 张照片` });
  image.addEventListener("load", () => URL.revokeObjectURL(url));
  const cross = make("button", { type: "button", "aria-label": say`删除第 ${number} 张照片` }, "×");
  cross.addEventListener("click", drop);
  return make("div", { class: "photo" }, image, cross);
}

/** The photo card of a report form; `current()` gives the report's id. */
export function photoCard(form, current) {
  const list = form.querySelector("[data-photo-list]");
  const input = form.querySelector("[data-photo-input]");
  if (!list || !input) return { show: async () => {}, hush: () => {} };
  const add = input.closest(".photo-add");
  const tell = beside(list);

  async function show() {
    const kept = (await store.photos(current())).filter((one) => !one.kind);
    list.querySelectorAll(".photo").forEach((one) => one.remove());
    kept.forEach((photo, i) => add.before(thumbnail(photo, i + 1, async () => {
      await store.dropPhoto(photo.report, photo.n);
      await show();
      input.focus();
    })));
    add.hidden = kept.length >= AT_MOST;
    return kept.length;
  }

  input.addEventListener("change", async () => {
    const kept = (await store.photos(current())).filter((one) => !one.kind);
    let n = kept.reduce((top, photo) => Math.max(top, photo.n), 0);
    let room = AT_MOST - kept.length;
    tell("");
    for (const file of input.files) {
      if (room-- <= 0) {
        tell(say`最多 ${AT_MOST} 张照片。`);
        break;
      }
      try {
        const blob = await shrink(file);
        n += 1;
        await store.savePhoto({ report: current(), n, blob, taken_at: new Date(file.lastModified).toISOString() });
      } catch {
        tell(say`“${file.name}”打不开，请换一张或重新拍照。`);
      }
    }
    // Emptied, so that a script-less submit never sends the large originals as well.
    input.value = "";
    await show();
  });
  return { show, hush: () => tell("") };
}
