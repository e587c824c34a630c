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
// A field that takes any shape (GEOMETRY) is drawn with the type of the button pressed.
const TYPES = { GEOMETRY: "Point", POINT: "Point", LINESTRING: "LineString", POLYGON: "Polygon", MULTIPOLYGON: "Polygon" };
const HINTS = {
  Point: "在地图上点一下放置位置，再点可移动。",
  LineString: "依次点出线路，双击完成；靠近邻近图形会自动吸附。",
  Polygon: "依次点出边界，双击或点回起点完成；靠近邻边会自动吸附。",
};

/** The geometry that stands in the text, or nothing while it cannot be read. */
function readText(text) {
  const typed = text.trim();
  if (!typed) return null;
  try {
    if (typed.startsWith("{")) return geojson.readGeometry(JSON.parse(typed));
    if (/^[-\d.]+[,，\s]+[-\d.]+$/.test(typed)) return new Point(fromLonLat(typed.split(/[,，\s]+/).map(Number)));
    return new WKT().readGeometry(typed.replace(/^SRID=\d+;/, ""), PROJECTIONS);
  } catch {
    return null;
  }
}

function writeText(geometry) {
  if (geometry.getType() === "Point") return toLonLat(geometry.getCoordinates()).map((n) => n.toFixed(6)).join(",");
  return geojson.writeGeometry(geometry, { decimals: 6 }); // 0.1 m
}

const edited = editStyle(true);
const ownStyle = (feature, resolution) => feature.getGeometry().getType() === "Point" ? placeStyle : edited(feature, resolution);

export function startShape(holder) {
  const config = JSON.parse(holder.dataset.shape);
  const input = holder.querySelector(config.input) || holder.querySelector("textarea");
  const element = holder.querySelector("[data-shape-map]");
  const hint = holder.querySelector("[data-shape-hint]");
  const usual = TYPES[config.kind];
  if (!usual) return;
  const buttons = [...holder.querySelectorAll("[data-shape-draw]")];
  const typeOf = (button) => button.dataset.shapeDraw || usual;
  element.hidden = holder.querySelector(".shape-tools").hidden = false;
  const map = makeMap(element, { ...config, wheel: "focus" });
  const own = new VectorSource();
  const around = new VectorSource();
  map.addLayer(new VectorLayer({ source: around, style: outlineStyle({}, false), zIndex: 2 }));
  map.addLayer(new VectorLayer({ source: own, style: ownStyle, zIndex: 4 }));

  const drawings = new Map(buttons.map((button) => [typeOf(button), new Draw({ source: own, type: typeOf(button) })]));

  const show = () => {
    own.clear();
    const geometry = readText(input.value);
    if (geometry) own.addFeature(new Feature(geometry));
  };
  const write = () => {
    const [feature] = own.getFeatures();
    input.value = feature ? writeText(feature.getGeometry()) : "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const modify = new Modify({ source: own });
  for (const draw of drawings.values()) {
    draw.on("drawstart", () => own.clear());
    draw.on("drawend", ({ feature }) => queueMicrotask(() => {
      own.getFeatures().filter((one) => one !== feature).forEach((one) => own.removeFeature(one));
      write();
      use("modify");
    }));
    map.addInteraction(draw);
  }
  modify.on("modifyend", write);
  map.addInteraction(modify);
  // Snap comes last, or the tools before it do not feel it.
  map.addInteraction(new Snap({ source: around, pixelTolerance: 12 }));

  let type = usual;
  function use(tool, drawn = type) {
    type = drawn;
    for (const [one, draw] of drawings) draw.setActive(tool === "draw" && one === type);
    modify.setActive(tool === "modify");
    for (const button of buttons) button.setAttribute("aria-pressed", String(tool === "draw" && typeOf(button) === type));
    holder.querySelector("[data-shape-modify]").setAttribute("aria-pressed", String(tool === "modify"));
    hint.textContent = tool === "draw" ? HINTS[type] : "拖动图形上的点可以修改。";
  }
  for (const button of buttons) button.addEventListener("click", () => use("draw", typeOf(button)));
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
