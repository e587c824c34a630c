// The place: read once, only when the person presses «用我的位置»; never followed.
import { say } from "./words.js";
const GOOD_METRES = 20;
const DOUBTFUL_METRES = 100;
const WAIT_MS = 12_000;

const REFUSED = {
  1: say`没有定位权限，不影响上报：请在下面写明地点。`,
  2: say`暂时定位不到，请到开阔处再试，或在下面写明地点。`,
  3: say`定位时间过长，请再试一次，或在下面写明地点。`,
};

/** The best position within a few seconds: the first one is often far off. */
function best() {
  return new Promise((found, failed) => {
    let kept = null;
    const finish = () => {
      navigator.geolocation.clearWatch(watch);
      clearTimeout(timer);
      if (kept) found(kept);
      else failed({ code: 3 });
    };
    const timer = setTimeout(finish, WAIT_MS);
    const watch = navigator.geolocation.watchPosition(
      ({ coords }) => {
        if (!kept || coords.accuracy < kept.accuracy) kept = coords;
        if (kept.accuracy <= GOOD_METRES) finish();
      },
      (error) => {
        if (kept) return;
        clearTimeout(timer);
        navigator.geolocation.clearWatch(watch);
        failed(error);
      },
      { enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: 15_000 },
    );
  });
}

/** Accuracy in words: «约 12 米内». */
export function accuracyWords(metres) {
  const round = metres < 50 ? Math.max(5, Math.ceil(metres)) : Math.ceil(metres / 10) * 10;
  return metres < 1000 ? say`约 ${round} 米内` : say`约 ${(metres / 1000).toFixed(1)} 公里内`;
}

async function fetchJson(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

let centres = null;
/** The nearest of the known centres, a first guess without a line; the server decides by the polygon. */
async function nearest(url, lng, lat) {
  centres ??= await fetchJson(url);
  const flat = Math.cos((lat * Math.PI) / 180);
  let best = ["", Infinity];
  for (const [x, y, name] of centres) {
    const far = ((x - lng) * flat) ** 2 + (y - lat) ** 2;
    if (far < best[1]) best = [name, far];
  }
  return best[0];
}

async function nameOf(form, lng, lat) {
  const { place, centres: index } = form.dataset;
  try {
    if (place) return (await fetchJson(`${place}?lng=${lng}&lat=${lat}`)).text || "";
  } catch {
    // No line: the guess below will do.
  }
  return index ? nearest(index, lng, lat).catch(() => "") : "";
}

export function placeCard(form, changed) {
  const button = form.querySelector("[data-locate]");
  const told = form.querySelector("[data-place-told]");
  const field = (name) => form.elements.namedItem(name);
  const tell = (strong, text) => {
    const head = document.createElement("b");
    head.textContent = strong;
    told.replaceChildren(...(strong ? [head] : []), text);
  };

  async function put(lng, lat, accuracy) {
    field("lng").value = lng.toFixed(6);
    field("lat").value = lat.toFixed(6);
    if (field("accuracy")) field("accuracy").value = Math.round(accuracy) || "";
    const words = accuracy ? say`定位精度${accuracyWords(accuracy)}。` : "";
    const doubt = accuracy > DOUBTFUL_METRES ? say`位置不够准，请在下面写清地点。` : "";
    tell("", `${words}${doubt}`);
    form.querySelector("[data-map]")?.dispatchEvent(new CustomEvent("hezhi:mark", { detail: { lng, lat, accuracy } }));
    changed();
    tell((await nameOf(form, lng, lat)) || say`已取得位置`, `${words}${doubt}`);
  }

  button?.addEventListener("click", async () => {
    if (!navigator.geolocation) return tell("", say`这部手机不能定位，请在下面写明地点。`);
    button.setAttribute("aria-busy", "true");
    tell("", say`正在定位…`);
    try {
      const found = await best();
      await put(found.longitude, found.latitude, found.accuracy);
    } catch (error) {
      tell("", REFUSED[error.code] || REFUSED[2]);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
  form.addEventListener("hezhi:place", (event) => put(event.detail.lng, event.detail.lat, 0));
  return {
    clear: () => tell("", say`只在您点按时读取一次位置，不会持续定位。`),
    restore: async () => {
      const [lng, lat, accuracy] = ["lng", "lat", "accuracy"].map((name) => Number(field(name)?.value));
      if (!lng) return;
      const words = accuracy ? say`定位精度${accuracyWords(accuracy)}。` : "";
      tell(say`已取得位置`, words);
      tell((await nameOf(form, lng, lat)) || say`已取得位置`, words);
    },
  };
}
