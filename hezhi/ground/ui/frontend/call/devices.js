// Microphone and camera: asked for after a press, and what is missing is said in a sentence.

const REFUSED = new Set(["NotAllowedError", "SecurityError"]);

async function open(wanted) {
  try {
    return { stream: await navigator.mediaDevices.getUserMedia(wanted), error: null };
  } catch (error) {
    return { stream: null, error };
  }
}

function why(error, thing) {
  if (REFUSED.has(error.name)) return `没有使用${thing}的许可，请在浏览器地址栏中允许`;
  if (error.name === "NotFoundError" || error.name === "OverconstrainedError") return `没有找到${thing}`;
  return `${thing}被其他程序占用或无法打开`;
}

/** The tracks that can be had: `{audio, video, hints}`. A missing camera leaves the voice, a missing microphone the ear. */
export async function openDevices(withVideo) {
  if (!navigator.mediaDevices?.getUserMedia) {
    return { audio: null, video: null, hints: ["浏览器不能打开话筒和摄像头：请用 https 地址访问，并使用较新的浏览器。"] };
  }
  const sound = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const picture = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15 } };
  const hints = [];
  const voice = await open({ audio: sound });
  if (!voice.stream) hints.push(`${why(voice.error, "话筒")}，您能听到对方，对方听不到您。`);
  const view = withVideo ? await open({ video: picture }) : { stream: null, error: null };
  if (withVideo && !view.stream) hints.push(`${why(view.error, "摄像头")}，以语音通话，您仍能看到对方。`);
  return { audio: voice.stream?.getAudioTracks()[0] ?? null, video: view.stream?.getVideoTracks()[0] ?? null, hints };
}
