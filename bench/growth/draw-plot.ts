import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Point } from './curves.ts';

/** Panels side by side over the same sizes. */
export interface Plot {
  readonly x: Axis;
  readonly panels: readonly Panel[];
}

export interface Panel extends Axis {
  readonly y: (point: Point) => number | undefined;
}

/** A curve, drawn the same in every panel. */
export interface Line {
  readonly name: string;
  readonly color: string;
  readonly points: readonly Point[];
}

export interface Axis {
  readonly label: string;
  readonly type: 'value' | 'log';
  /** The base of a logarithmic axis; default 10. */
  readonly base?: number;
}

const PANEL = { width: 300, height: 200, left: 76, top: 56, right: 32, bottom: 52 } as const;
const PANEL_WIDTH = PANEL.left + PANEL.width + PANEL.right;
const HEIGHT = PANEL.top + PANEL.height + PANEL.bottom;
const FONT = 'system-ui, sans-serif';
/** Follows the reader's theme. The page has its own background, so that text is always readable. */
const STYLE = `<style>
svg { color: #24292f } .page { fill: #fff }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3 } .page { fill: #0d1117 } }
</style>
<rect class="page" width="100%" height="100%" rx="6"/>`;

const LEGEND = {
  top: 8,
  left: PANEL.left,
  textStyle: { color: 'currentColor' },
  icon: 'circle',
  itemGap: 24,
  selectedMode: false,
};
/** Ends the axis at the smallest and largest size. */
const EXACT = { min: 'dataMin', max: 'dataMax' };
/** Matches what only an interactive chart needs. */
const INTERACTION =
  / (?:class|clip-path|ecmeta_\w+|pointer-events)="[^"]*"|<(defs|style) >.*?<\/\1>\n/gs;

use([LineChart, GridComponent, LegendComponent, SVGRenderer]);

/** Draws curves as SVG, readable in light and dark themes. */
export function drawPlot(plot: Plot, lines: readonly Line[]): string {
  const width = PANEL_WIDTH * plot.panels.length;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height: HEIGHT });
  chart.setOption(optionOf(plot, lines));
  const svg = chart.renderToSVGString();
  chart.dispose();
  const title = `<title>${plot.panels.map(({ label }) => label).join('; ')}, by ${plot.x.label}</title>`;
  return `${svg.replace(INTERACTION, '').replace(/^(<svg[^>]*>)/, `$1\n${title}\n${STYLE}`)}\n`;
}

function optionOf({ x, panels }: Plot, lines: readonly Line[]): EChartsCoreOption {
  return {
    animation: false,
    textStyle: { fontFamily: FONT },
    legend: LEGEND,
    grid: panels.map((_, index) => ({ ...PANEL, left: PANEL.left + index * PANEL_WIDTH })),
    xAxis: panels.map((_, gridIndex) => ({ ...axisOf(x), ...EXACT, gridIndex, nameGap: 32 })),
    yAxis: panels.map((panel, gridIndex) => ({ ...axisOf(panel), gridIndex, nameGap: 56 })),
    series: panels.flatMap((panel, index) => lines.map((line) => seriesOf(panel, index, line))),
  };
}

function seriesOf({ y, type }: Panel, index: number, { name, color, points }: Line): object {
  return {
    type: 'line',
    name,
    color,
    symbol: 'circle',
    symbolSize: 6,
    xAxisIndex: index,
    yAxisIndex: index,
    data: points.map((point) => [point.size, drawn(type, y(point))]),
    silent: true,
    clip: false,
    emphasis: { disabled: true },
  };
}

/** Returns `-`, a gap, for a figure that was not measured or that a logarithmic axis cannot show. */
function drawn(type: Axis['type'], value = Number.NaN): number | '-' {
  return Number.isNaN(value) || (type === 'log' && value <= 0) ? '-' : value;
}

function axisOf({ label, type, base = 10 }: Axis): object {
  return {
    type,
    logBase: base,
    name: label,
    nameLocation: 'middle',
    nameTextStyle: { color: 'currentColor' },
    axisLabel: { color: 'currentColor' },
    axisLine: { show: true, lineStyle: { color: 'currentColor' } },
    splitLine: { lineStyle: { color: 'currentColor', opacity: 0.15 } },
  };
}
