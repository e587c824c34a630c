// The door to recorder.js: a button and a field that load it when they are first used.
import { beside } from "./dom.js";
import * as store from "./store.js";
import { say } from "./words.js";

/** Sound and video of a report form; `current()` gives the report's id. */
export function mediaCard(form, current) {
  const box = form.querySelector("[data-media]");
  if (!box) return { show: async () => {}, hush: () => {} };
  const tell = beside(box.querySelector(".media-tools"));
  const button = box.querySelector("[data-record]");
  const input = box.querySelector("[data-media-input]");
  let loaded = null;
  const need = () => (loaded ??= import(document.body.dataset.media).then((module) => module.startMedia({ box, current, tell })));
  const use = (act) => need().then(act).catch(() => {
    loaded = null;
    tell(say`录音和视频的功能没有加载成功，请联网后再试；文字和照片照常提交。`);
  });
  button.hidden = !(window.MediaRecorder && navigator.mediaDevices?.getUserMedia);
  button.addEventListener("click", () => use((media) => media.record()));
  input.addEventListener("change", () => use((media) => media.take(input)));
  return { hush: () => tell(""), show: async () => (loaded || (await store.photos(current())).some((one) => one.kind)) && use((media) => media.show()) };
}
