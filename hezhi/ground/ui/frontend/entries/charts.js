// Charts of figures (统计图): a box names the JSON beside it; the numbers stand in a table below, so a chart is never
// the only way to read them. Canvas, because the policy of the pages allows no style attribute in markup.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkAreaComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, LegendComponent, MarkAreaComponent, TooltipComponent, CanvasRenderer]);

const INK = "#1a2230", SOFT = "#525c6b", LINE = "#dbe1e8";
const COLOURS = ["#0b5cad", "#8a4b00", "#0a5a2c"];
const BANDS = { rest: "#0a5a2c22", make_up: "#525c6b26", warned: "#d9770633" };
const SECOND = "#6aa5d8";
const NARROW = 600;

// Days that are something else (节假日、预警): a band behind the lines, named where there is room for it. They are drawn on
// an axis of numbers beneath the axis of names, since a band of names would begin and end in the middle of a day.
function bands(told, width) {
  return told.bands?.length ? [{ type: "line", data: [], xAxisIndex: 1, markArea: { silent: true,
    label: { show: width >= NARROW, color: SOFT, fontSize: 11, position: "insideTop" },
    data: told.bands.map((band) => [{ name: band.name, xAxis: band.from - 0.5, itemStyle: { color: BANDS[band.tone] } }, { xAxis: band.to + 0.5 }]) } }] : [];
}

// A second measure of the same days, as bars on an axis of its own.
function second(told) {
  return told.second ? [{ name: `${told.second.name}（${told.second.unit}）`, type: "bar", yAxisIndex: 1, data: told.second.values, barMaxWidth: 10,
    itemStyle: { color: SECOND }, z: 1 }] : [];
}

function optionOf(told, width) {
  const line = told.kind === "line";
  const names = { type: "category", data: told.labels, axisLine: { lineStyle: { color: LINE } }, axisTick: { show: false },
    axisLabel: { color: SOFT, hideOverlap: true, width: width < NARROW ? 96 : 150, overflow: "truncate" } };
  const values = { type: "value", minInterval: told.unit ? undefined : 1, name: told.unit ?? "", nameTextStyle: { color: SOFT },
    splitLine: { lineStyle: { color: LINE } }, axisLabel: { color: SOFT } };
  if (!line) names.inverse = true;
  const many = told.series.length + (told.second ? 1 : 0);
  const right = { type: "value", min: 0, splitLine: { show: false }, axisLabel: { color: SOFT }, name: told.second?.unit, nameTextStyle: { color: SOFT } };
  return {
    animation: false,
    color: COLOURS,
    textStyle: { color: INK, fontFamily: "inherit" },
    legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 12, show: many > 1,
      data: [...told.series.map((each) => each.name), ...second(told).map((each) => each.name)] },
    tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: line ? "line" : "shadow" } },
    grid: { top: many > 1 || told.unit ? 36 : 12, right: 24, bottom: 8, left: 8, containLabel: true },
    xAxis: told.bands?.length ? [names, { type: "value", show: false, min: -0.5, max: told.labels.length - 0.5 }] : line ? names : values,
    yAxis: told.second ? [values, right] : line ? values : names,
    series: [...told.series.map((each) => ({
      name: each.name, type: line ? "line" : "bar", data: each.values, barMaxWidth: 14, symbolSize: 5, lineStyle: { width: 2 }, z: 3,
    })), ...second(told), ...bands(told, width)],
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
