// Dividing an area into grids: every step is sent to the server, which answers with exact shapes and faults.
import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import Point from "ol/geom/Point.js";
import Draw from "ol/interaction/Draw.js";
import Modify from "ol/interaction/Modify.js";
import Snap from "ol/interaction/Snap.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import { makeMap } from "./board.js";
import { Plot } from "./editing.js";
import { addLayer, fetchFeatures } from "./layers.js";
import { gridStyle } from "./style.js";

const format = new GeoJSON({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857", decimals: 6 });

const HINTS = {
  select: "点选一个网格，右侧可以改名。",
  draw: "依次点出新网格的边界，双击完成；重叠的地方再选择划给谁。",
  modify: "拖动边界上的点；共用的边会一起移动。",
  split: "先点选网格，再从网格外画一条线穿过它，双击完成。",
  merge: "按住 Shift 点选两个以上相邻网格，再点一次“合并”。",
};

const red = new Stroke({ color: "#c8102e", width: 3 });
const faultStyle = (feature) =>
  feature.getGeometry().getType() === "Point"
    ? new Style({ image: new CircleStyle({ radius: 9, stroke: red, fill: new Fill({ color: "rgba(200,16,46,.25)" }) }) })
    : [new Style({ stroke: red, fill: new Fill({ color: "rgba(200,16,46,.45)" }) }),
       // A strip of a metre cannot be seen from afar: its middle is marked as well.
       new Style({ geometry: (one) => new Point(middle(one.getGeometry())), image: new CircleStyle({ radius: 8, stroke: red }) })];

function middle(shape) {
  const point = shape.getInteriorPoint?.() ?? shape.getInteriorPoints?.();
  return (point?.getCoordinates?.().flat() ?? shape.getExtent()).slice(0, 2);
}

const element = (name, text, attributes = {}) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

class Dividing extends Plot {
  constructor(map, holder, config) {
    super(map, holder);
    this.config = config;
    this.layer.setStyle(gridStyle());
    this.faults = new VectorSource();
    map.addLayer(new VectorLayer({ source: this.faults, style: faultStyle, zIndex: 8 }));
    this.rows = new Map();
    this.asked = 0;
  }

  hint(text) {
    super.hint(HINTS.select === text || !text ? text || HINTS.select : text);
  }

  part(name) {
    return this.holder.querySelector(`[data-${name}]`);
  }

  /** The grids as they are drawn now, for the server and for the draft. */
  told() {
    return this.source.getFeatures().map((feature) => {
      const one = format.writeFeatureObject(feature);
      return { type: "Feature", id: feature.getId(), properties: { name: feature.get("name") || "" }, geometry: one.geometry };
    });
  }

  remember() {
    this.past.push(JSON.stringify(this.told()));
    this.show();
  }

  show() {
    const undo = this.holder.querySelector("[data-undo]");
    if (undo) undo.disabled = this.past.length === 0;
  }

  /** Keep the drawn state in the form, so that nothing is lost when the form is sent. */
  write() {
    const field = this.part("features");
    field.value = JSON.stringify(this.told());
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  put(features) {
    this.select.getFeatures().clear();
    this.source.clear();
    this.source.addFeatures(format.readFeatures({ type: "FeatureCollection", features }));
  }

  undo() {
    const before = this.past.pop();
    if (!before) return;
    this.put(JSON.parse(before));
    this.show();
    this.write();
    this.ask({ verb: "check" }, "已撤销上一步。");
  }

  /** Do one step on the server; `said` is what to say when it does not say anything itself. */
  async ask(op, said = "", url = this.config.step, body = null) {
    const number = (this.asked += 1);
    this.holder.dataset.busy = "1";
    const sent = body ?? { features: this.told(), op };
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.config.token },
        body: JSON.stringify(sent),
      });
      if (number !== this.asked) return false;
      const told = await answer.json();
      if (!answer.ok) {
        this.hint(told.said || "这一步没有办成，请重试。");
        return false;
      }
      if (told.told) this.hint(told.told);
      else if (said) this.hint(said);
      this.put(told.features);
      this.showFaults(told.faults);
      this.showRows(told.rows, told.faults);
      return true;
    } catch {
      this.hint("网络中断，这一步没有办成；画好的内容还在，请稍后再试。");
      return false;
    } finally {
      if (number === this.asked) delete this.holder.dataset.busy;
    }
  }

  async change(op) {
    const before = JSON.stringify(this.told());
    if (await this.ask(op)) {
      this.past.push(before);
      this.show();
      this.write();
    }
  }

  showFaults(faults) {
    this.faults.clear();
    const list = this.part("faults");
    list.replaceChildren();
    list.hidden = faults.length === 0;
    faults.forEach((fault) => {
      const line = element("li", fault.sentence);
      const empty = !fault.geometry || !(fault.geometry.coordinates || []).length;
      if (!empty) {
        const feature = new Feature(format.readGeometry(fault.geometry));
        this.faults.addFeature(feature);
        const look = element("button", "看这里", { type: "button", class: "btn" });
        look.addEventListener("click", () => this.look(feature));
        line.append(look);
      }
      for (const to of fault.give) {
        const give = element("button", `划给${to.name}`, { type: "button", class: "btn" });
        give.addEventListener("click", () => this.change({ verb: "give", key: to.key, geometry: fault.geometry }));
        line.append(give);
      }
      list.append(line);
    });
    const verdict = this.part("verdict");
    verdict.classList.toggle("is-good", faults.length === 0);
    verdict.textContent = faults.length ? `有 ${faults.length} 处差错，改正后才能发布：` : "不重不漏，可以发布。";
    this.holder.dataset.faults = String(faults.length);
  }

  look(feature) {
    const extent = feature.getGeometry().getExtent();
    this.map.getView().fit(extent, { padding: [80, 80, 80, 80], maxZoom: 17.5, duration: 150 });
    this.map.getTargetElement().focus();
  }

  showRows(rows, faults) {
    const list = this.part("grids");
    list.replaceChildren();
    const wrong = new Set(faults.flatMap((fault) => fault.give.map((one) => one.key)));
    for (const row of rows) {
      const line = element("li", "", { "data-grid": row.key });
      const name = element("input", "", { class: "form-control", "aria-label": "网格名称", maxlength: "80" });
      name.value = row.name;
      name.addEventListener("change", () => this.rename(row.key, name.value.trim()));
      name.addEventListener("focus", () => this.choose(row.key));
      const things = Object.entries(row.things).map(([word, count]) => `${word} ${count}`);
      const said = [row.code || "新网格，发布时编码", `${(row.area / 10000).toFixed(1)} 公顷`, ...things].join("，");
      line.append(name, element("small", said));
      line.classList.toggle("is-wrong", wrong.has(row.key));
      list.append(line);
    }
  }

  rename(key, name) {
    const feature = this.source.getFeatureById(key);
    if (!feature || !name) return;
    this.remember();
    feature.set("name", name);
    this.write();
  }

  choose(key) {
    const feature = this.source.getFeatureById(key);
    if (!feature) return;
    this.select.getFeatures().clear();
    this.select.getFeatures().push(feature);
  }

  use(tool) {
    super.use(tool);
    this.hint(HINTS[tool] || "");
  }

  drawing() {
    const draw = new Draw({ type: "Polygon", trace: true, traceSource: this.source });
    draw.on("drawend", ({ feature }) => this.change({ verb: "draw", geometry: format.writeGeometryObject(feature.getGeometry()) }));
    return draw;
  }

  modifying() {
    const modify = new Modify({ source: this.source, pixelTolerance: 12 });
    let before = "";
    modify.on("modifystart", () => (before = JSON.stringify(this.told())));
    modify.on("modifyend", async () => {
      if (JSON.stringify(this.told()) === before) return;
      this.past.push(before);
      this.show();
      const done = await this.ask({ verb: "check" });
      this.write();
      if (!done) return;
      if (this.tools.length) this.use("modify"); // on the shapes that came back
      this.hint("边界已移动，两侧网格一起调整。");
    });
    return modify;
  }

  splitting() {
    const draw = new Draw({ type: "LineString" });
    draw.on("drawend", ({ feature }) => {
      const [chosen] = this.chosen();
      if (!chosen) return this.hint("请先用“选择”点选要拆分的网格。");
      const line = format.writeGeometryObject(feature.getGeometry());
      return this.change({ verb: "split", ids: [chosen.getId()], line });
    });
    return draw;
  }

  merge() {
    const ids = this.chosen().map((feature) => feature.getId());
    if (ids.length < 2) this.hint(HINTS.merge);
    else this.change({ verb: "merge", ids });
  }

  async propose(many) {
    const before = JSON.stringify(this.told());
    this.hint("正在计算……");
    if (await this.ask(null, "", this.config.propose, { many })) {
      this.past.push(before);
      this.show();
      this.write();
      this.part("origin").value = "proposed";
    }
  }
}

export async function startDividing(holder) {
  const target = holder.querySelector("[data-plot-map]");
  const config = {
    ...JSON.parse(target.dataset.plotMap),
    base: target.dataset.base,
    token: holder.querySelector("[name=csrfmiddlewaretoken]").value,
  };
  const map = makeMap(target, { ...config, wheel: "" });
  for (const spec of config.layers || []) addLayer(map, target, spec, false);
  const plot = new Dividing(map, holder, config);
  holder.plot = plot; // for tests
  holder.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-tool]")?.dataset.tool;
    if (event.target.closest("[data-undo]")) plot.undo();
    else if (event.target.closest("[data-propose]")) plot.propose(Number(plot.part("many").value));
    else if (tool === "merge" && plot.chosen().length > 1) plot.merge();
    else if (tool) plot.use(tool);
  });
  try {
    const kept = plot.part("features").value;
    if (kept && kept !== "[]") plot.put(JSON.parse(kept));
    else plot.source.addFeatures(await fetchFeatures(config.edit));
    plot.write();
    await plot.ask({ verb: "check" }, HINTS.select);
    target.dataset.loaded = "1";
  } catch {
    plot.hint("要标绘的网格没有取到，请刷新页面后再试。");
  }
}
