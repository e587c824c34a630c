// Charts of figures (统计图): a box names the JSON beside it; the numbers stand in a table below, so a chart is never
// the only way to read them. Canvas, because the policy of the pages allows no style attribute in markup.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

const INK = "#1a2230", SOFT = "#525c6b", LINE = "#dbe1e8";
const COLOURS = ["#0b5cad", "#8a4b00", "#0a5a2c"];
const NARROW = 600;

function optionOf(told, width) {
  const line = told.kind === "line";
  const names = { type: "category", data: told.labels, axisLine: { lineStyle: { color: LINE } }, axisTick: { show: false },
    axisLabel: { color: SOFT, hideOverlap: true, width: width < NARROW ? 96 : 150, overflow: "truncate" } };
  const values = { type: "value", minInterval: told.unit ? undefined : 1, name: told.unit ?? "", nameTextStyle: { color: SOFT },
    splitLine: { lineStyle: { color: LINE } }, axisLabel: { color: SOFT } };
  if (!line) names.inverse = true;
  return {
    animation: false,
    color: COLOURS,
    textStyle: { color: INK, fontFamily: "inherit" },
    legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 12, show: told.series.length > 1 },
    tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: line ? "line" : "shadow" } },
    grid: { top: told.series.length > 1 || told.unit ? 36 : 12, right: 24, bottom: 8, left: 8, containLabel: true },
    xAxis: line ? names : values,
    yAxis: line ? values : names,
    series: told.series.map((each) => ({
      name: each.name, type: line ? "line" : "bar", data: each.values, barMaxWidth: 14, symbolSize: 5, lineStyle: { width: 2 },
    })),
  };
}

function draw(box) {
  const told = JSON.parse(document.getElementById(box.dataset.chart)?.textContent ?? "null");
  if (!told?.labels.length) { box.hidden = true; return; }
  if (told.kind === "bars") box.classList.add(`bars-${Math.min(15, told.labels.length)}`);
  const chart = init(box);
  const fit = () => { chart.resize(); chart.setOption(optionOf(told, box.clientWidth), true); };
  fit();
  new ResizeObserver(fit).observe(box);
}

for (const box of document.querySelectorAll("[data-chart]")) draw(box);
