// The page of a call: what is pressed, what the house says, what is heard and seen.
import { openDevices } from "./devices.js";
import { Line } from "./line.js";

const EVERY = 1000; // milliseconds between two looks at the call

class Refusal extends Error {}

async function post(url, given = {}) {
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST",
      body: new URLSearchParams(given),
      headers: { Accept: "application/json", "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content },
    });
  } catch {
    throw new Refusal("网络连接中断，请稍后再试。");
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const letter = told.error ?? {};
  throw new Refusal([letter.what, letter.remedy].filter(Boolean).map((line) => line.replace(/[。]*$/, "。")).join("") || "这一步没有办成，请稍后再试。");
}

/** Where the gate of signals is: beside the stream of live news. */
function gateOf(call) {
  const gate = new URL(document.body.dataset.stream, location.href);
  gate.protocol = gate.protocol === "https:" ? "wss:" : "ws:";
  gate.pathname = "/rtc";
  gate.search = `?call=${call}`;
  return gate.href;
}

export function startCall(root) {
  const part = (name) => root.querySelector(`[data-${name}]`);
  const button = (name) => root.querySelector(`[data-do="${name}"]`);
  const wantsVideo = root.dataset.video === "1";
  let url = root.dataset.url ?? "";
  let line = null;
  let devices = null;
  let entering = false;
  let heard = false;
  let mended = false;
  let since = 0;
  let looking = 0;

  const say = (text) => (part("says").textContent = text);
  const show = (...names) => {
    for (const each of root.querySelectorAll("[data-do]")) each.hidden = !names.includes(each.dataset.do);
  };
  const turn = (state) => (root.dataset.state = state);
  const inCall = () => show("mute", ...(devices?.video ? ["hide"] : []), "hang_up");

  function hint() {
    part("hint").textContent = devices?.hints.join("") ?? "";
    part("hint").hidden = !devices?.hints.length;
  }

  async function open() {
    if (!devices) {
      say(wantsVideo ? "正在打开话筒和摄像头……" : "正在打开话筒……");
      devices = await openDevices(wantsVideo);
      hint();
    }
    if (devices.video) {
      part("own").srcObject = new MediaStream([devices.video]);
      part("own").hidden = false;
    }
  }

  function close() {
    line?.leave();
    line = null;
    devices?.audio?.stop();
    devices?.video?.stop();
    devices = null;
    part("own").hidden = part("remote").hidden = true;
    part("face").hidden = false;
  }

  function finish(told) {
    if (root.dataset.state === "ended") return;
    turn("ended");
    clearInterval(looking);
    close();
    show();
    say(told.told || "通话已结束。");
    part("time").hidden = true;
    if (part("phones")) part("phones").hidden = told.result === "answered";
    if (part("else")) part("else").hidden = false;
  }

  function stand(told) {
    if (root.dataset.state === "ended") return;
    part("peer-name").textContent = told.peer.name;
    part("peer-unit").textContent = told.peer.unit;
    if (told.state === "ended") finish(told);
    if (told.state === "talking" && root.dataset.state === "ringing" && root.dataset.role === "caller") enter();
  }

  async function look() {
    try {
      stand(await post(`${url}beat/`));
    } catch {
      // the next look tells; the line itself says when it is lost
    }
    if (since) {
      const seconds = Math.floor((performance.now() - since) / 1000);
      part("time").textContent = [Math.floor(seconds / 60), seconds % 60].map((n) => String(n).padStart(2, "0")).join(":");
    }
  }

  function follow() {
    clearInterval(looking);
    looking = setInterval(look, EVERY);
  }

  async function enter() {
    if (entering || line) return;
    entering = true;
    turn("talking");
    say(mended ? "连接中断，正在重新连接……" : "正在接通……");
    inCall();
    try {
      const seat = await post(`${url}seat/`);
      line = new Line({
        gate: gateOf(url.split("/").at(-2)),
        seat,
        audio: devices?.audio,
        video: devices?.video,
        pictures: wantsVideo,
        heard: (track) => {
          part("sound").srcObject = new MediaStream([track]);
          part("sound").play().catch(() => say("请点按页面任意处，开始播放声音。"));
        },
        seen: (track) => {
          part("remote").srcObject = track && new MediaStream([track]);
          part("remote").hidden = !track;
          part("face").hidden = Boolean(track);
        },
        lost,
      });
      line.mute(button("mute").getAttribute("aria-pressed") === "true");
      line.hide(button("hide").getAttribute("aria-pressed") === "true");
      await line.enter();
      entering = mended = false;
      heard = true;
      since ||= performance.now();
      part("time").hidden = false;
      say("通话中。");
    } catch {
      entering = false;
      line?.leave();
      await lost();
    }
  }

  /** The line is gone: look whether the call is over; if not, try once more; then end it and say so. */
  async function lost() {
    line = null;
    if (entering || root.dataset.state === "ended") return;
    await look();
    if (root.dataset.state === "ended") return;
    if (!mended) {
      mended = true;
      await enter();
      return;
    }
    await press("fail", { heard: heard ? "1" : "0" });
  }

  async function press(step, given = {}) {
    try {
      stand(await post(`${url}${step}/`, given));
    } catch (refusal) {
      say(refusal.message);
      if (step === "fail" || step === "hang_up") finish({ told: "连接中断，通话已结束。" });
    }
  }

  const acts = {
    async ring() {
      show();
      await open();
      try {
        const told = await post(root.dataset.ring, { unit: root.dataset.unit, video: root.dataset.video });
        url = told.url;
        history.replaceState(null, "", url);
        turn("ringing");
        show("hang_up");
        say("正在呼叫，请等待对方接听……");
        follow();
        stand(told);
      } catch (refusal) {
        close();
        show("ring");
        say(refusal.message);
        if (part("else")) part("else").hidden = false;
      }
    },
    async answer() {
      show();
      await open();
      try {
        stand(await post(`${url}answer/`));
        await enter();
      } catch (refusal) {
        finish({ told: refusal.message });
      }
    },
    async enter() {
      show();
      await open();
      follow();
      await enter();
    },
    reject: () => press("reject").then(() => root.dataset.state === "ended" || finish({ told: "您已拒接，同事仍可接听。" })),
    hang_up: () => press("hang_up"),
    mute: () => toggle("mute", "静音", "取消静音", (on) => line?.mute(on)),
    hide: () =>
      toggle("hide", "关闭摄像头", "打开摄像头", (on) => {
        line?.hide(on);
        part("own").hidden = on;
      }),
  };

  function toggle(name, off, on, act) {
    const pressed = button(name).getAttribute("aria-pressed") !== "true";
    button(name).setAttribute("aria-pressed", String(pressed));
    button(name).textContent = pressed ? on : off;
    act(pressed);
  }

  root.addEventListener("click", (event) => {
    const act = event.target.closest?.("[data-do]")?.dataset.do;
    if (act) acts[act]();
    else part("sound").play().catch(() => {});
  });
  window.addEventListener("pagehide", close);
  if (url && root.dataset.state !== "ended") follow();
  if (root.dataset.state === "ended" && part("else")) part("else").hidden = false;
  // Who pressed 接听 on another page has pressed already: the mark is his own, and good once for a moment.
  const pressed = localStorage.getItem("hezhi-answer");
  localStorage.removeItem("hezhi-answer");
  const [call, at] = (pressed ?? "").split(" ");
  if (url && root.dataset.state === "ringing" && url.includes(call || "-") && Date.now() - Number(at) < 15000) acts.answer();
}
