import { useEffect, useReducer, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface Series {
  name: string;
  /** A colour of the tokens. */
  color: string;
  values: number[];
}

interface Props {
  /** What a screen reader says. */
  summary: string;
  dayTitle: string;
  days: string[];
  series: Series[];
  format: (value: number) => string;
  /** The same for the axis, where there is little room. */
  short?: (value: number) => string;
  /** "2026-11-30" as the visitor writes it. */
  formatDay: (day: string) => string;
}

const HEIGHT = 220;
const HALF_DAY = 43_200;
const colorOf = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name);
/** Steps of the axis: whole numbers, since half a customer or a tenth of a cent is none. */
const STEPS = [1, 2, 5].flatMap((n) => Array.from({ length: 12 }, (_, power) => n * 10 ** power)).sort((a, b) => a - b);
const toSeconds = (day: string) => Date.parse(day) / 1000;

/** Bars by day; the same as a table for those who do not see them. */
export function Chart({ summary, dayTitle, days, series, format, short = format, formatDay }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [round, renew] = useReducer((n: number) => n + 1, 0);
  const latest = JSON.stringify([days, series]);
  const [pointed, point] = useState<number | null>(null);
  const formatter = useRef({ short, formatDay });
  useEffect(() => {
    formatter.current = { short, formatDay };
  });
  useEffect(() => {
    const place = frame.current;
    if (!place) return;
    const [shownDays, shownSeries] = JSON.parse(latest) as [string[], Series[]];
    const axis = { stroke: () => colorOf("--soft"), grid: { stroke: () => colorOf("--line"), width: 1 }, ticks: { show: false } };
    const count = shownSeries.length;
    const plot = new uPlot(
      {
        width: place.clientWidth,
        height: HEIGHT,
        cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
        hooks: { setCursor: [({ cursor }) => point(cursor.idx ?? null)] },
        legend: { show: false },
        scales: { x: { time: true, range: (_, first, last) => [first - HALF_DAY, last + HALF_DAY] }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
        axes: [
          { ...axis, grid: { show: false }, values: (_, ticks) => ticks.map((second) => formatter.current.formatDay(new Date(second * 1000).toISOString().slice(0, 10))) },
          { ...axis, size: 56, incrs: STEPS, values: (_, ticks) => ticks.map((value) => formatter.current.short(value)) },
        ],
        series: [
          {},
          ...shownSeries.map(({ name, color }, index) => ({
            label: name,
            fill: () => colorOf(color),
            stroke: () => colorOf(color),
            width: 0,
            points: { show: false },
            paths: uPlot.paths.bars?.({ size: [0.7 / count, 48], radius: 0.15, align: count === 1 ? 0 : index === 0 ? -1 : 1 }),
          })),
        ],
      },
      [shownDays.map(toSeconds), ...shownSeries.map((one) => one.values)],
      place,
    );
    const size = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT }));
    size.observe(place);
    const draw = () => renew(); // in the colours of the other theme
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", draw);
    return () => {
      size.disconnect();
      theme.disconnect();
      system.removeEventListener("change", draw);
      plot.destroy();
    };
  }, [latest, round]);
  return (
    <figure className="chart">
      <div ref={frame} role="img" aria-label={summary} />
      <figcaption className="legend" aria-hidden="true">
        {series.map(({ name, color, values }) => (
          <span key={name} className={`legend-item legend${color}`}>
            {name} {pointed !== null && <b>{format(values[pointed] ?? 0)}</b>}
          </span>
        ))}
        {pointed !== null && <span className="quiet">{formatDay(days[pointed] ?? "")}</span>}
      </figcaption>
      <div className="visually-hidden">
        <table>
          <caption>{summary}</caption>
          <thead>
            <tr>
              <th scope="col">{dayTitle}</th>
              {series.map(({ name }) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.map((day, index) => (
              <tr key={day}>
                <th scope="row">{day}</th>
                {series.map(({ name, values }) => (
                  <td key={name}>{format(values[index] ?? 0)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
