// Sound and video of a report: recorded on the page or chosen, kept in the phone beside the photos until they are sent.
import { make } from "./dom.js";
import * as store from "./store.js";
import { say } from "./words.js";

const MB = 1024 * 1024;
const LIMITS = {
  sound: { many: 3, bytes: 20 * MB, seconds: 600 },
  video: { many: 1, bytes: 50 * MB, seconds: 120 },
};
const OFFLINE_BYTES = 10 * MB; // more would fill a small phone before there is a line
const FIRST = 50; // numbers below are photos
const FORMS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const ENDINGS = {
  amr: "audio/amr", m4a: "audio/mp4", mp3: "audio/mpeg", ogg: "audio/ogg", weba: "audio/webm",
  mp4: "video/mp4", mov: "video/quicktime", webm: "video/webm", "3gp": "video/3gpp",
};

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const size = (bytes) => (bytes < MB ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / MB).toFixed(1)} MB`);
const nameOf = (kind) => (kind === "sound" ? say`录音` : say`视频`);

function typeOf(file) {
  const told = (file.type || "").split(";")[0];
  return told || ENDINGS[file.name.toLowerCase().split(".").pop()] || "";
}

/** How long it plays, as far as this browser can tell; 0 when it cannot. */
function secondsOf(blob, kind) {
  return new Promise((done) => {
    const player = document.createElement(kind === "sound" ? "audio" : "video");
    const url = URL.createObjectURL(blob);
    const end = (seconds) => {
      URL.revokeObjectURL(url);
      done(Number.isFinite(seconds) ? seconds : 0);
    };
    player.preload = "metadata";
    player.addEventListener("loadedmetadata", () => end(player.duration));
    player.addEventListener("error", () => end(0));
    setTimeout(() => end(0), 4000);
    player.src = url;
  });
}

export function startMedia({ box, current, tell }) {
  const list = box.querySelector("[data-media-list]");
  const button = box.querySelector("[data-record]");
  const word = button.querySelector("span");
  const rest = word.textContent;
  let recorder = null;

  const kept = async () => (await store.photos(current())).filter((one) => one.kind);

  async function show() {
    const all = await kept();
    list.querySelectorAll("audio, video").forEach((player) => URL.revokeObjectURL(player.src));
    list.replaceChildren(...all.map((one) => rowOf(one)));
    list.hidden = all.length === 0;
    return all.length;
  }

  function rowOf(one) {
    const player = make(one.kind === "sound" ? "audio" : "video", { controls: "", preload: "metadata", playsinline: "", "aria-label": nameOf(one.kind) });
    player.src = URL.createObjectURL(one.blob);
    const drop = make("button", { type: "button", class: "btn", "aria-label": say`删除这段` }, say`删除`);
    drop.addEventListener("click", async () => {
      await store.dropPhoto(one.report, one.n);
      await show();
      button.hidden ? box.querySelector("[data-media-input]").focus() : button.focus();
    });
    const told = [nameOf(one.kind), one.seconds ? clock(one.seconds) : "", size(one.blob.size)].filter(Boolean).join(" · ");
    return make("li", { class: "media-item" }, make("span", {}, told), drop, player);
  }

  /** Keep one piece with the report, or say why not; what was written stays as it is. */
  async function keep(blob, seconds) {
    const kind = blob.type.startsWith("audio/") ? "sound" : "video";
    const limit = LIMITS[kind];
    const all = await kept();
    if (all.filter((one) => one.kind === kind).length >= limit.many) return tell(kind === "sound" ? say`最多 ${limit.many} 段录音。` : say`最多 ${limit.many} 段视频。`);
    if (blob.size > limit.bytes) return tell(kind === "sound" ? say`录音超过 ${limit.bytes / MB} MB，请分成几段。` : say`视频超过 ${limit.bytes / MB} MB，请剪短或选“标准”清晰度后再选。`);
    if (kind === "video" && !navigator.onLine && blob.size > OFFLINE_BYTES) return tell(say`现在没有网络，超过 ${OFFLINE_BYTES / MB} MB 的视频存不进手机。请有网络时再选；文字、照片和录音照常保存。`);
    const long = seconds || (await secondsOf(blob, kind));
    if (long > limit.seconds + 1) return tell(kind === "sound" ? say`录音最长 ${limit.seconds / 60} 分钟，请分成几段。` : say`视频最长 ${limit.seconds / 60} 分钟，请剪短后再选。`);
    const n = all.reduce((top, one) => Math.max(top, one.n), FIRST) + 1;
    try {
      await store.savePhoto({ report: current(), n, kind, blob, seconds: Math.round(long), taken_at: new Date().toISOString() });
    } catch {
      return tell(say`手机存储空间不足，这一段没有存下。请清理空间或改选小一些的文件，已写的内容仍在页面上。`);
    }
    tell("");
    await show();
  }

  async function take(input) {
    const files = [...input.files];
    input.value = ""; // so that a script-less submit never sends it as well
    for (const file of files) {
      const type = typeOf(file);
      if (!/^(audio|video)\//.test(type)) tell(say`“${file.name}”不是录音或视频。`);
      else await keep(file.slice(0, file.size, type));
    }
  }

  async function record() {
    if (recorder) return recorder.stop();
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return tell(say`没有使用麦克风的权限，不影响上报：可以选一段录好的录音，或写一句。`);
    }
    const mimeType = FORMS.find((form) => MediaRecorder.isTypeSupported(form));
    const pieces = [];
    const began = Date.now();
    recorder = new MediaRecorder(stream, { ...(mimeType && { mimeType }), audioBitsPerSecond: 32_000 });
    const tick = setInterval(() => {
      const seconds = (Date.now() - began) / 1000;
      word.textContent = say`停止录音 ${clock(seconds)}`;
      if (seconds >= LIMITS.sound.seconds) recorder?.stop();
    }, 500);
    const leaving = () => recorder?.stop();
    recorder.addEventListener("dataavailable", (event) => event.data.size && pieces.push(event.data));
    recorder.addEventListener("stop", async () => {
      clearInterval(tick);
      window.removeEventListener("pagehide", leaving);
      stream.getTracks().forEach((track) => track.stop());
      const type = (recorder.mimeType || mimeType || "audio/webm").split(";")[0];
      recorder = null;
      word.textContent = rest;
      button.classList.remove("is-recording");
      const blob = new Blob(pieces, { type });
      if (blob.size) await keep(blob, (Date.now() - began) / 1000);
    });
    window.addEventListener("pagehide", leaving);
    recorder.start(1000);
    button.classList.add("is-recording");
    word.textContent = say`停止录音 ${clock(0)}`;
    tell("");
  }

  return { show, take, record };
}
