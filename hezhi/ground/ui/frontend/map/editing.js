// Plotting: draw, change, split and merge areas that share their borders. The server decides at the end.
import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import Polygon from "ol/geom/Polygon.js";
import Draw from "ol/interaction/Draw.js";
import Modify from "ol/interaction/Modify.js";
import Select from "ol/interaction/Select.js";
import Snap from "ol/interaction/Snap.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import { editStyle } from "./style.js";

const format = new GeoJSON({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857", decimals: 6 });

const HINTS = {
  select: "点选一个网格，右侧显示它的信息。",
  draw: "依次点出边界，双击或点回起点完成；靠近邻边会自动吸附。",
  modify: "拖动顶点修改边界；共用的边会一起移动，不留缝隙。",
  split: "先选网格，再画一条穿过它的线，双击完成分割。",
  merge: "按住 Shift 点选两个以上相邻网格，再点“合并”。",
};

export class Plot {
  constructor(map, holder) {
    this.map = map;
    this.holder = holder;
    this.changes = [];
    this.past = [];
    this.source = new VectorSource();
    this.layer = new VectorLayer({ source: this.source, style: editStyle(false), declutter: true, zIndex: 4 });
    map.addLayer(this.layer);
    this.select = new Select({ layers: [this.layer], style: editStyle(true) });
    map.addInteraction(this.select);
    this.select.on("select", () => this.tellChosen());
    this.tools = [];
  }

  chosen() {
    return this.select.getFeatures().getArray();
  }

  tellChosen() {
    this.holder.dispatchEvent(new CustomEvent("hezhi:chosen", {
      bubbles: true,
      detail: this.chosen().map((feature) => ({ id: feature.getId(), ...feature.getProperties(), geometry: undefined })),
    }));
    const names = this.chosen().map((feature) => feature.get("name")).filter(Boolean);
    this.hint(names.length ? `已选：${names.join("、")}` : HINTS.select);
  }

  hint(text) {
    const place = this.holder.querySelector("[data-plot-hint]");
    if (place) place.textContent = text;
  }

  /** Keep how things stand, so that one step can be taken back. */
  remember() {
    this.past.push({ text: format.writeFeatures(this.source.getFeatures()), changes: [...this.changes] });
    this.show();
  }

  record(verb, ids, geometry) {
    this.changes.push({ verb, ids, geometry: geometry ? format.writeGeometryObject(geometry) : null });
    this.show();
  }

  show() {
    const field = this.holder.querySelector("[data-plot-changes]");
    if (field) {
      field.value = JSON.stringify(this.changes);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const undo = this.holder.querySelector("[data-undo]");
    if (undo) undo.disabled = this.past.length === 0;
  }

  undo() {
    const before = this.past.pop();
    if (!before) return;
    this.select.getFeatures().clear();
    this.source.clear();
    this.source.addFeatures(format.readFeatures(before.text));
    this.changes = before.changes;
    this.show();
    this.hint("已撤销上一步。");
  }

  use(tool) {
    this.tools.forEach((one) => this.map.removeInteraction(one));
    this.tools = [];
    this.holder.querySelectorAll("[data-tool]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.tool === tool)));
    this.select.setActive(tool === "select" || tool === "merge");
    this.hint(HINTS[tool] || "");
    if (tool === "draw") this.add(this.drawing());
    if (tool === "modify") this.add(this.modifying());
    if (tool === "split") this.add(this.splitting());
    // Snap must come last, or the tools before it do not feel it.
    if (this.tools.length) this.add(new Snap({ source: this.source, pixelTolerance: 12 }));
  }

  add(interaction) {
    this.tools.push(interaction);
    this.map.addInteraction(interaction);
  }

  drawing() {
    const draw = new Draw({ source: this.source, type: "Polygon", trace: true, traceSource: this.source });
    draw.on("drawstart", () => this.remember());
    draw.on("drawabort", () => { this.past.pop(); this.show(); });
    draw.on("drawend", ({ feature }) => {
      feature.setId(`new-${this.changes.length + 1}`);
      feature.set("name", "新网格");
      this.record("draw", [], feature.getGeometry());
    });
    return draw;
  }

  modifying() {
    const modify = new Modify({ source: this.source });
    let before = new Map();
    modify.on("modifystart", () => {
      this.remember();
      before = new Map(this.source.getFeatures().map((feature) => [feature, feature.getGeometry().getRevision()]));
    });
    modify.on("modifyend", () => {
      for (const [feature, revision] of before) {
        if (feature.getGeometry().getRevision() !== revision) this.record("modify", [feature.getId()], feature.getGeometry());
      }
    });
    return modify;
  }

  splitting() {
    const draw = new Draw({ type: "LineString" });
    draw.on("drawend", ({ feature }) => {
      const [chosen] = this.chosen();
      const pieces = chosen && splitBy(chosen.getGeometry(), feature.getGeometry().getCoordinates());
      if (!pieces) {
        this.hint(chosen ? "这条线没有把网格分成两块，请从界外画到界外。" : "请先用“选择”点选要分割的网格。");
        return;
      }
      this.remember();
      this.record("split", [chosen.getId()], feature.getGeometry());
      this.source.removeFeature(chosen);
      this.select.getFeatures().clear();
      pieces.forEach((ring, i) => {
        const piece = new Feature({ geometry: new Polygon([ring]), name: `${chosen.get("name") || "网格"}·${i + 1}` });
        piece.setId(`${chosen.getId()}-${i + 1}`);
        this.source.addFeature(piece);
      });
      this.hint("已分割为两块，保存后生效。");
    });
    return draw;
  }

  /** Ask for a merge of the chosen ones; the server joins the shapes and checks that they touch. */
  merge() {
    const chosen = this.chosen();
    if (chosen.length < 2) {
      this.hint(HINTS.merge);
      return;
    }
    this.remember();
    this.record("merge", chosen.map((feature) => feature.getId()));
    chosen.forEach((feature) => feature.set("name", `${chosen[0].get("name")}（待合并）`));
    this.hint(`已登记合并 ${chosen.length} 个网格，保存后生效。`);
  }
}

const crossing = ([ax, ay], [bx, by], [cx, cy], [dx, dy]) => {
  const d = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx);
  if (!d) return null;
  const t = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / d;
  const u = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / d;
  return t >= 0 && t < 1 && u >= 0 && u <= 1 ? { t, u, at: [ax + t * (bx - ax), ay + t * (by - ay)] } : null;
};

/** The two rings into which a line cuts a polygon, or nothing when it does not cross exactly twice. */
export function splitBy(polygon, line) {
  if (polygon.getType() === "MultiPolygon") {
    if (polygon.getPolygons().length !== 1) return null;
    polygon = polygon.getPolygon(0);
  }
  const ring = polygon.getCoordinates()[0].slice(0, -1);
  if (polygon.getCoordinates().length > 1) return null;
  const cuts = [];
  ring.forEach((start, edge) => {
    const end = ring[(edge + 1) % ring.length];
    for (let leg = 0; leg + 1 < line.length; leg += 1) {
      const found = crossing(start, end, line[leg], line[leg + 1]);
      if (found) cuts.push({ edge, along: edge + found.t, leg, on: leg + found.u, at: found.at });
    }
  });
  if (cuts.length !== 2) return null;
  cuts.sort((a, b) => a.on - b.on);
  const [first, last] = cuts;
  const middle = line.slice(first.leg + 1, last.leg + 1);
  const walk = (from, to) => {
    let corners = (to.edge - from.edge + ring.length) % ring.length;
    if (corners === 0 && to.along < from.along) corners = ring.length;
    return Array.from({ length: corners }, (_, i) => ring[(from.edge + 1 + i) % ring.length]);
  };
  const there = [first.at, ...middle, last.at];
  const one = [...there, ...walk(last, first)];
  const two = [...[...there].reverse(), ...walk(first, last)];
  return [one, two].map((points) => [...points, points[0]]);
}
