// The map editor: one layer under change, the others to look at.
import { look, makeMap } from "../map/board.js";
import { Plot } from "../map/editing.js";
import { addLayer, fetchFeatures } from "../map/layers.js";

async function start(holder) {
  const element = holder.querySelector("[data-plot-map]");
  const config = JSON.parse(element.dataset.plotMap);
  const map = makeMap(element, { ...config, wheel: "" });
  for (const spec of config.layers || []) addLayer(map, element, spec, false);
  const plot = new Plot(map, holder);
  holder.plot = plot; // for the page's own scripts and for tests
  holder.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-tool]");
    if (event.target.closest("[data-undo]")) plot.undo();
    else if (tool?.dataset.tool === "merge" && plot.chosen().length > 1) plot.merge();
    else if (tool) plot.use(tool.dataset.tool);
  });
  holder.addEventListener("hezhi:chosen", (event) => {
    const form = holder.querySelector("[data-plot-form]");
    const [one] = event.detail;
    if (!form || !one) return;
    for (const [name, value] of Object.entries(one)) {
      const field = form.elements.namedItem(name);
      if (field && field.type !== "hidden" && "value" in field) field.value = value ?? "";
    }
  });
  try {
    plot.source.addFeatures(await fetchFeatures(config.edit));
    if (!config.extent && !config.center) map.getView().fit(plot.source.getExtent(), { padding: [30, 30, 30, 30] });
    else look(map, config);
    element.dataset.loaded = "1";
  } catch {
    plot.hint("要标绘的图层没有取到，请刷新页面后再试。");
  }
}

document.querySelectorAll("[data-plot]").forEach(start);
