// What stands on the map: outlines, shaded areas, points, one marked place; and what they tell.
import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import Point from "ol/geom/Point.js";
import { circular } from "ol/geom/Polygon.js";
import VectorLayer from "ol/layer/Vector.js";
import { fromLonLat, toLonLat } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import { note } from "./board.js";
import { accuracyStyle, breaksOf, classStyle, outlineStyle, palette, placeStyle, pointStyle, shadeStyle } from "./style.js";

const format = new GeoJSON({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" });

export async function fetchFeatures(url) {
  const answer = await fetch(url, { headers: { Accept: "application/geo+json, application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return format.readFeatures(await answer.json());
}

const NS = "http://www.w3.org/2000/svg";

function swatch(colour) {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("width", "16");
  svg.setAttribute("height", "12");
  const square = document.createElementNS(NS, "rect");
  square.setAttribute("width", "16");
  square.setAttribute("height", "12");
  square.setAttribute("fill", colour);
  svg.append(square);
  return svg;
}

/** Lines of a colour and what it says. */
function legend(element, name, lines) {
  const box = document.createElement("div");
  box.className = "map-legend";
  const title = document.createElement("b");
  title.textContent = name || "";
  box.append(title);
  for (const [colour, words] of lines) {
    const line = document.createElement("span");
    line.append(swatch(colour), words);
    box.append(line);
  }
  element.append(box);
}

function shadeLines(colours, breaks) {
  return [0, ...breaks].map((low, rank) => {
    const high = breaks[rank];
    return [colours.shades[rank + 1], high === undefined ? `多于 ${low}` : low + 1 >= high ? `${high}` : `${low + 1}–${high}`];
  });
}

function styleFor(spec, dark, features, element) {
  if (spec.kind === "points") return pointStyle(spec, dark);
  if (spec.kind === "classes") {
    legend(element, spec.name, spec.classes.map(([word, colour]) => [colour, word]));
    return classStyle(spec);
  }
  if (spec.kind !== "shade") return outlineStyle(spec, dark);
  const breaks = spec.breaks || breaksOf(features.map((feature) => Number(feature.get(spec.value)) || 0));
  if (spec.legend !== false) legend(element, spec.name, shadeLines(palette(dark), breaks));
  return shadeStyle(spec, dark, breaks);
}

/** Fetch and show one layer; one that cannot be had leaves a note and the others stand. */
export async function addLayer(map, element, spec, dark) {
  try {
    const features = await fetchFeatures(spec.url);
    const layer = new VectorLayer({
      source: new VectorSource({ features }),
      style: styleFor(spec, dark, features, element),
      declutter: spec.kind !== "points",
      zIndex: { points: 5, classes: 3 }[spec.kind] ?? 2,
      properties: { spec },
    });
    map.addLayer(layer);
    if (spec.fit && features.length) {
      // The legend stands on the left; on a narrow map there is no room to spare for it.
      const left = (spec.kind === "shade" || spec.kind === "classes") && element.clientWidth > 560 ? 130 : 24;
      map.getView().fit(layer.getSource().getExtent(), { padding: [24, 24, 44, left], maxZoom: 15 });
    }
    return layer;
  } catch {
    note(element, `“${spec.name || "图层"}”暂时没有取到，请稍后刷新。`);
    return null;
  }
}

/** One marked place with a circle of its accuracy in metres; can be moved. */
export function markPlace(map, position, accuracy) {
  const source = new VectorSource();
  const layer = new VectorLayer({ source, zIndex: 9 });
  map.addLayer(layer);
  const put = (lonLat, metres) => {
    source.clear();
    if (!lonLat) return;
    if (metres) {
      const circle = new Feature(circular(lonLat, metres, 48).transform("EPSG:4326", "EPSG:3857"));
      circle.setStyle(accuracyStyle);
      source.addFeature(circle);
    }
    const point = new Feature(new Point(fromLonLat(lonLat)));
    point.setStyle(placeStyle);
    source.addFeature(point);
  };
  put(position, accuracy);
  return put;
}

/** A press on the map writes the place into two inputs (WGS 84, six places ≈ 0.1 m). */
export function pickPlace(map, config, put) {
  const fields = { lng: document.querySelector(config.pick.lng), lat: document.querySelector(config.pick.lat) };
  const write = (lonLat) => {
    put(lonLat);
    for (const [i, name] of ["lng", "lat"].entries()) {
      if (!fields[name]) continue;
      fields[name].value = lonLat[i].toFixed(6);
      fields[name].dispatchEvent(new Event("input", { bubbles: true }));
      fields[name].dispatchEvent(new Event("change", { bubbles: true }));
    }
    map.getTargetElement().dispatchEvent(new CustomEvent("hezhi:place", { bubbles: true, detail: { lng: lonLat[0], lat: lonLat[1] } }));
  };
  map.on("singleclick", (event) => write(toLonLat(event.coordinate)));
  if (fields.lng?.value && fields.lat?.value) put([Number(fields.lng.value), Number(fields.lat.value)]);
  map.getTargetElement().addEventListener("keydown", (event) => {
    if (event.key === "Enter") write(toLonLat(map.getView().getCenter()));
  });
}

function told(spec, feature) {
  const name = feature.get(spec.label || "name") || "";
  if (spec.kind === "classes") {
    legend(element, spec.name, spec.classes.map(([word, colour]) => [colour, word]));
    return classStyle(spec);
  }
  if (spec.kind !== "shade") return name;
  return `${name} ${Number(feature.get(spec.value)) || 0}${spec.unit ? ` ${spec.unit}` : ""}`;
}

/** The name under the pointer, and a press that follows the feature's own link. */
export function tellFeatures(map, element) {
  const tip = document.createElement("div");
  tip.className = "map-tip";
  tip.hidden = true;
  element.append(tip);
  const at = (pixel) => {
    let found = null;
    map.forEachFeatureAtPixel(pixel, (feature, layer) => {
      const spec = layer?.get("spec");
      if (!spec) return false;
      found = { feature, spec };
      return true;
    }, { hitTolerance: 4 });
    return found;
  };
  map.on("pointermove", (event) => {
    const found = event.dragging ? null : at(event.pixel);
    const text = found ? told(found.spec, found.feature) : "";
    tip.hidden = !text;
    tip.textContent = text;
    tip.style.left = `${event.pixel[0]}px`;
    tip.style.top = `${event.pixel[1]}px`;
    map.getViewport().style.cursor = found?.spec.link ? "pointer" : "";
  });
  element.addEventListener("pointerleave", () => (tip.hidden = true));
  map.on("singleclick", (event) => {
    const found = at(event.pixel);
    const url = found?.spec.link && found.feature.get(found.spec.link);
    if (url) location.assign(new URL(url, location.href));
  });
}
