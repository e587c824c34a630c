// Start every map of the page that carries its wishes in `data-map`.
import { makeMap } from "./board.js";
import { addLayer, markPlace, pickPlace, tellFeatures } from "./layers.js";

export function startMap(element) {
  if ("started" in element.dataset) return;
  element.dataset.started = "";
  const config = JSON.parse(element.dataset.map);
  const dark = config.theme === "dark";
  const map = makeMap(element, config);
  const put = markPlace(map, config.marker, config.accuracy);
  if (config.pick) pickPlace(map, config, put);
  tellFeatures(map, element);
  for (const spec of config.layers || []) addLayer(map, element, spec, dark);
  // Other scripts of the page (the phone's position) move the mark by this event.
  element.addEventListener("hezhi:mark", (event) => {
    const { lng, lat, accuracy } = event.detail;
    put([lng, lat], accuracy);
  });
  return map;
}
