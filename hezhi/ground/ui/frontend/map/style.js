// How things look on the map, by day and on the dark wall.
import { getCenter } from "ol/extent.js";
import Point from "ol/geom/Point.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import RegularShape from "ol/style/RegularShape.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";

export const FONT = '"PingFang SC","HarmonyOS Sans SC","Microsoft YaHei","Noto Sans CJK SC","WenQuanYi Micro Hei",sans-serif';

const LIGHT = {
  sea: "#dfe9f2", land: "#f1f2ee", district: "#fdfdfb", districtLine: "#8a5a1f", town: "#9aa4b0", grid: "#ccd4dd",
  ink: "#2b3543", halo: "#ffffff", chosen: "#0b5cad", shades: ["#eaf3fb", "#c6def3", "#94c1e6", "#5397d0", "#1c69ac"],
};
const DARK = {
  sea: "#06182c", land: "#0a2037", district: "#0f2f50", districtLine: "#4db4ff", town: "#2c5f91", grid: "#1b4470",
  ink: "#d5e6f6", halo: "#06182c", chosen: "#ffffff", shades: ["#123a61", "#17558c", "#1f74b8", "#3e9be0", "#8fd0ff"],
};
const LEVELS = { 1: "#c8102e", 2: "#e8590c", 3: "#e6a700", 4: "#1c6fd1" };
const STATES = { overdue: "#c8102e", handling: "#1c6fd1", closed: "#1a8a4a", to_accept: "#5b6675" };

export const palette = (dark) => (dark ? DARK : LIGHT);

const areaStyle = (fill, stroke, width, dash) =>
  new Style({
    fill: fill ? new Fill({ color: fill }) : undefined,
    stroke: stroke ? new Stroke({ color: stroke, width, lineDash: dash, lineJoin: "round" }) : undefined,
  });

/** A point well inside the largest part: a name stands once, also on an area of several islands. */
function heart(feature) {
  const shape = feature.getGeometry();
  if (shape.getType() !== "MultiPolygon") return shape.getInteriorPoint?.() ?? shape;
  const parts = shape.getPolygons();
  return parts.reduce((a, b) => (b.getArea() > a.getArea() ? b : a)).getInteriorPoint();
}

const nameStyle = (colours) => new Style({ geometry: heart, text: label("", colours), zIndex: 3 });

export const label = (text, colours, size = colours === DARK ? 14 : 12, weight = 500) =>
  new Text({
    text,
    font: `${weight} ${size}px ${FONT}`,
    fill: new Fill({ color: colours.ink }),
    stroke: new Stroke({ color: colours.halo, width: 3 }),
    overflow: true,
  });

/** The base map's layers, by the names inside the tiles; without names where a shaded layer writes them itself. */
export function baseStyle(dark, named = true) {
  const colours = palette(dark);
  const looks = {
    neighbours: areaStyle(colours.land),
    district: areaStyle(colours.district, colours.districtLine, 1.6),
    towns: areaStyle(null, colours.town, 1.1, [5, 4]),
    grids: areaStyle(null, colours.grid, 0.6),
  };
  const names = new Style({ text: label("", colours) });
  return (feature, resolution) => {
    const layer = feature.get("layer");
    if (layer === "town_labels") {
      if (!named) return undefined;
      names.getText().setText(feature.get("name"));
      return names;
    }
    // Grid lines only from the scale on where a grid is wider than a finger.
    return layer === "grids" && resolution > 40 ? undefined : looks[layer];
  };
}

export function outlineStyle(spec, dark) {
  const colours = palette(dark);
  // A fill that cannot be seen lets the pointer find the area, not only its border.
  const line = areaStyle("rgba(0,0,0,0.001)", spec.stroke || colours.town, 1.2);
  const name = nameStyle(colours);
  return (feature, resolution) => {
    if (!spec.label || resolution > (spec.labelBelow || 120)) return line;
    name.getText().setText(feature.get(spec.label));
    return [line, name];
  };
}

/** Bounds of five classes with about equal numbers of areas in each; nought is its own. */
export function breaksOf(values) {
  const sorted = values.filter((value) => value > 0).sort((a, b) => a - b);
  if (!sorted.length) return [];
  const cuts = [0.25, 0.5, 0.75].map((part) => sorted[Math.floor(part * (sorted.length - 1))]);
  return [...new Set(cuts)];
}

/** Areas filled by what they are called: `spec.classes` are pairs of a word and its colour, the word is each area's `class`. */
export function classStyle(spec) {
  const fills = new Map(spec.classes.map(([word, colour]) => [word, areaStyle(`${colour}b8`, "#ffffff", 1)]));
  return (feature) => fills.get(feature.get("class"));
}

export function shadeStyle(spec, dark, breaks) {
  const colours = palette(dark);
  const border = dark ? "#1b4470" : "#ffffff";
  const fills = colours.shades.map((shade) => areaStyle(`${shade}cc`, border, 0.8));
  const name = nameStyle(colours);
  return (feature, resolution) => {
    const value = Number(feature.get(spec.value)) || 0;
    const rank = value > 0 ? 1 + breaks.filter((cut) => value > cut).length : 0;
    if (!spec.label || resolution > (spec.labelBelow || 80)) return fills[rank];
    name.getText().setText(feature.get(spec.label));
    return [fills[rank], name];
  };
}

function dot(fill, radius, shape) {
  const look = { fill: new Fill({ color: fill }), stroke: new Stroke({ color: "#fff", width: 1.8 }) };
  const image = shape === "diamond"
    ? new RegularShape({ points: 4, radius: radius + 2.5, ...look })
    : new CircleStyle({ radius, ...look });
  return new Style({ image, geometry: middleOf });
}

const FAR = 12; // metres in a pixel
const middleOf = (feature) => {
  const geometry = feature.getGeometry();
  return geometry.getType() === "Point" ? geometry : new Point(getCenter(geometry.getExtent()));
};

/** A line or an area among the points: its colour is theirs, the ground under it stays to be seen. */
function drawn(colour) {
  return new Style({ stroke: new Stroke({ color: colour, width: 3 }), fill: new Fill({ color: `${colour}2e` }) });
}

/** Points by warning level or state; the gravest level is a diamond too, so colour is not alone. */
export function pointStyle(spec, dark) {
  const made = new Map();
  return (feature, resolution) => {
    const level = feature.get("level");
    const state = feature.get("state");
    // From afar a line or an area is smaller than a dot, so a dot stands for it.
    const shaped = feature.getGeometry().getType() !== "Point" && resolution < FAR;
    const key = `${shaped ? "a" : ""}${level ? `l${level}` : `s${state}`}`;
    if (!made.has(key)) {
      const colour = LEVELS[level] || STATES[state] || (dark ? "#4db4ff" : "#0b5cad");
      made.set(key, shaped ? drawn(colour) : dot(colour, level ? 7 : 5.5, level == 1 ? "diamond" : ""));
    }
    return made.get(key);
  };
}

export const placeStyle = [
  new Style({ image: new CircleStyle({ radius: 11, fill: new Fill({ color: "rgba(11,92,173,.22)" }) }) }),
  new Style({ image: new CircleStyle({ radius: 6.5, fill: new Fill({ color: "#0b5cad" }), stroke: new Stroke({ color: "#fff", width: 2.5 }) }) }),
];
export const accuracyStyle = areaStyle("rgba(11,92,173,.12)", "rgba(11,92,173,.55)", 1);

export function editStyle(chosen) {
  const area = areaStyle(chosen ? "rgba(11,92,173,.18)" : "rgba(255,255,255,.35)", chosen ? "#0b5cad" : "#6b7785", chosen ? 2.4 : 1.1);
  const name = nameStyle(LIGHT);
  return (feature, resolution) => {
    if (resolution > 45) return area;
    name.getText().setText(feature.get("name"));
    return [area, name];
  };
}

/** The grids that are being divided: tinted, so that the ground beyond the community stands back. */
export function gridStyle() {
  const area = areaStyle("rgba(11,92,173,.09)", "#0b5cad", 1.5);
  const name = nameStyle(LIGHT);
  return (feature, resolution) => {
    if (resolution > 45) return area;
    name.getText().setText(feature.get("name"));
    return [area, name];
  };
}
