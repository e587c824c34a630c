// Draw and change one geometry, and write it into the text field of the form.
import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import WKT from "ol/format/WKT.js";
import Point from "ol/geom/Point.js";
import Draw from "ol/interaction/Draw.js";
import Modify from "ol/interaction/Modify.js";
import Snap from "ol/interaction/Snap.js";
import VectorLayer from "ol/layer/Vector.js";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import { makeMap } from "./board.js";
import { fetchFeatures } from "./layers.js";
import { editStyle, outlineStyle, placeStyle } from "./style.js";

const PROJECTIONS = { dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" };
const geojson = new GeoJSON({ ...PROJECTIONS, decimals: 6 });
const TYPES = { POINT: "Point", LINESTRING: "LineString", POLYGON: "Polygon", MULTIPOLYGON: "Polygon" };
const HINTS = {
  Point: "在地图上点一下放置位置，再点可移动。",
  LineString: "依次点出线路，双击完成；靠近邻近图形会自动吸附。",
  Polygon: "依次点出边界，双击或点回起点完成；靠近邻边会自动吸附。",
};

/** The geometry that stands in the text, or nothing while it cannot be read. */
function readText(text, type) {
  const typed = text.trim();
  if (!typed) return null;
  try {
    if (typed.startsWith("{")) return geojson.readGeometry(JSON.parse(typed));
    if (type === "Point") return new Point(fromLonLat(typed.split(/[,，\s]+/).map(Number)));
    return new WKT().readGeometry(typed.replace(/^SRID=\d+;/, ""), PROJECTIONS);
  } catch {
    return null;
  }
}

function writeText(geometry, config) {
  if (config.kind === "POINT") return toLonLat(geometry.getCoordinates()).map((n) => n.toFixed(6)).join(",");
  return geojson.writeGeometry(geometry);
}

export function startShape(holder) {
  const config = JSON.parse(holder.dataset.shape);
  const input = holder.querySelector(config.input) || holder.querySelector("textarea");
  const element = holder.querySelector("[data-shape-map]");
  const hint = holder.querySelector("[data-shape-hint]");
  const type = TYPES[config.kind];
  if (!type) return;
  element.hidden = holder.querySelector(".shape-tools").hidden = false;
  const map = makeMap(element, { ...config, wheel: "focus" });
  const own = new VectorSource();
  const around = new VectorSource();
  map.addLayer(new VectorLayer({ source: around, style: outlineStyle({}, false), zIndex: 2 }));
  map.addLayer(new VectorLayer({ source: own, style: type === "Point" ? placeStyle : editStyle(true), zIndex: 4 }));

  const show = () => {
    own.clear();
    const geometry = readText(input.value, type);
    if (geometry) own.addFeature(new Feature(geometry));
  };
  const write = () => {
    const [feature] = own.getFeatures();
    input.value = feature ? writeText(feature.getGeometry(), config) : "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const draw = new Draw({ source: own, type });
  const modify = new Modify({ source: own });
  draw.on("drawstart", () => own.clear());
  draw.on("drawend", ({ feature }) => queueMicrotask(() => {
    own.getFeatures().filter((one) => one !== feature).forEach((one) => own.removeFeature(one));
    write();
    use("modify");
  }));
  modify.on("modifyend", write);
  map.addInteraction(draw);
  map.addInteraction(modify);
  // Snap comes last, or the tools before it do not feel it.
  map.addInteraction(new Snap({ source: around, pixelTolerance: 12 }));

  function use(tool) {
    draw.setActive(tool === "draw");
    modify.setActive(tool === "modify");
    holder.querySelector("[data-shape-draw]").setAttribute("aria-pressed", String(tool === "draw"));
    holder.querySelector("[data-shape-modify]").setAttribute("aria-pressed", String(tool === "modify"));
    hint.textContent = tool === "draw" ? HINTS[type] : "拖动图形上的点可以修改。";
  }
  holder.querySelector("[data-shape-draw]").addEventListener("click", () => use("draw"));
  holder.querySelector("[data-shape-modify]").addEventListener("click", () => use("modify"));
  holder.querySelector("[data-shape-clear]").addEventListener("click", () => {
    own.clear();
    write();
    use("draw");
  });
  input.addEventListener("change", show);

  // Neighbours to snap to are fetched for what is in sight, once it is near enough.
  let asked = "";
  async function fetchAround() {
    const extent = transformExtent(map.getView().calculateExtent(map.getSize()), "EPSG:3857", "EPSG:4326");
    if (!config.around || extent[2] - extent[0] > 0.5 || extent[3] - extent[1] > 0.5) return;
    const box = extent.map((n) => n.toFixed(5)).join(",");
    if (box === asked) return;
    asked = box;
    try {
      const found = await fetchFeatures(`${config.around}?bbox=${box}`);
      around.clear();
      around.addFeatures(found.filter((feature) => String(feature.getId()) !== config.own));
      element.dataset.around = String(around.getFeatures().length);
    } catch {
      hint.textContent = "邻近图形暂时没有取到，绘制时不会吸附。";
    }
  }
  map.on("moveend", fetchAround);
  show();
  use(own.isEmpty() ? "draw" : "modify");
  holder.shape = { map, own, around, use, write }; // for the page's own scripts and for tests
  element.dataset.loaded = "1";
}
