/** Day chart: the turns of each day as columns, failures in front. The table beside it says the same in words. */
import { useEffect, useRef } from 'react'
import type { AnalyticsRow } from '../../protocol/resources'
import { texts } from '../../texts'

const FEWEST_DAYS = 14

export function DayChart({ rows, label }: { rows: readonly AnalyticsRow[]; label: string }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    let isOver = false
    let remove = (): void => undefined
    // Loaded when it is looked at: most visits draw no chart.
    void import('lightweight-charts').then(({ createChart, HistogramSeries }) => {
      if (isOver) return
      const colour = (name: string): string => colourOf(element, name)
      const chart = createChart(element, {
        autoSize: true,
        layout: { background: { color: 'transparent' }, textColor: colour('--color-soft'), fontSize: 11, attributionLogo: false },
        grid: { vertLines: { visible: false }, horzLines: { color: colour('--color-line') } },
        rightPriceScale: { borderVisible: false },
        timeScale: { borderVisible: false },
        handleScroll: false,
        handleScale: false,
      })
      const format = { type: 'price', precision: 0, minMove: 1 } as const
      const turns = chart.addSeries(HistogramSeries, { color: colour('--color-accent'), priceFormat: format, priceLineVisible: false, lastValueVisible: false })
      const failures = chart.addSeries(HistogramSeries, { color: colour('--color-bad'), priceFormat: format, priceLineVisible: false, lastValueVisible: false })
      turns.setData(rows.map((row) => ({ time: row.key, value: row.turns })))
      failures.setData(rows.map((row) => ({ time: row.key, value: row.failures })))
      // Two weeks at least, so that one day is a column and not a wall.
      chart.timeScale().setVisibleLogicalRange({ from: Math.min(0, rows.length - FEWEST_DAYS) - 0.5, to: rows.length - 0.5 })
      remove = () => chart.remove()
    })
    return () => {
      isOver = true
      remove()
    }
  }, [rows])
  return (
    <figure className="mb-4">
      <div ref={box} role="img" aria-label={label} className="h-44 rounded-xl border border-line bg-raised p-2" />
      <figcaption className="mt-1 text-right text-2xs text-soft">
        <a href="https://www.tradingview.com/" rel="noreferrer" target="_blank" className="hover:underline">
          {texts.panel.chartBy}
        </a>
      </figcaption>
    </figure>
  )
}

/** A token's colour as the browser sees it now: a canvas knows no `light-dark()`. */
function colourOf(element: HTMLElement, token: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${token})`
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
