// A map on the page: base map from PMTiles, credits, scale, zoom. Plain canvas, so it needs no WebGL.
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import ScaleLine from "ol/control/ScaleLine.js";
import Zoom from "ol/control/Zoom.js";
import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import { fromLonLat, transformExtent } from "ol/proj.js";
import { PMTilesVectorSource } from "ol-pmtiles";
import { baseStyle, palette } from "./style.js";

const CREDIT = "© OpenStreetMap contributors (ODbL)";
const DISTRICT = [119.5, 35.55, 120.35, 36.15];

function note(element, text) {
  const line = document.createElement("p");
  line.className = "map-note";
  line.setAttribute("role", "status");
  line.textContent = text;
  element.append(line);
}

function credit(element, config) {
  const line = document.createElement("p");
  line.className = "map-credit";
  const review = config.review_number ? `审图号：${config.review_number}　` : "";
  line.textContent = `${review}${config.credit || CREDIT}`;
  element.append(line);
}

/** Whether the tiles can be had; a map without its base still shows the layers. */
async function reachable(url) {
  try {
    const answer = await fetch(url, { headers: { Range: "bytes=0-6" } });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

async function addBase(map, element, config, dark) {
  if (!(await reachable(config.base))) {
    note(element, "底图暂时没有取到，边界和点位仍可查看。");
    return;
  }
  const source = new PMTilesVectorSource({ url: new URL(config.base, location.href).href });
  const named = !(config.layers || []).some((spec) => spec.kind === "shade" && spec.label);
  map.getLayers().insertAt(0, new VectorTileLayer({ source, style: baseStyle(dark, named), declutter: true, background: palette(dark).sea }));
}


/** Look at the extent (west, south, east, north), else at the centre, else at the whole district. */
export function look(map, config) {
  const view = map.getView();
  const centre = config.center || config.marker;
  if (centre) {
    view.setCenter(fromLonLat(centre));
    view.setZoom(config.zoom || 14);
  } else {
    view.fit(transformExtent(config.extent || DISTRICT, "EPSG:4326", "EPSG:3857"), { padding: [12, 12, 12, 12], size: map.getSize() });
  }
}

/** Make a map inside an element, with `config` as in the tag `map_box`. */
export function makeMap(element, config) {
  const dark = config.theme === "dark";
  element.replaceChildren();
  element.classList.toggle("map-dark", dark);
  const map = new OlMap({
    target: element,
    layers: [],
    view: new View({ maxZoom: 18, minZoom: 7, center: fromLonLat([119.95, 35.87]), zoom: 10 }),
    controls: [
      new Zoom({ zoomInTipLabel: "放大", zoomOutTipLabel: "缩小" }),
      new ScaleLine({ maxWidth: 110 }), // pixels; wider it reached the credit on a phone
    ],
    // In a page that scrolls the wheel belongs to the page until the map is used.
    interactions: defaultInteractions({ onFocusOnly: config.wheel === "focus", altShiftDragRotate: false, pinchRotate: false }),
  });
  credit(element, config);
  look(map, config);
  map.once("rendercomplete", () => (element.dataset.ready = "1"));
  if (config.base) addBase(map, element, config, dark);
  return map;
}

export { note };
