"""The look of printed reports: the reader's own fonts, figures in columns, A4 and Letter alike."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #57606a; --line: #d0d7de; --paper: #fff; --note: #fff8e1 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --faint: #9da7b1; --line: #3d444d; --paper: #0d1117; --note: #2b2410 }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, sans-serif }
main { max-width: 76rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; text-wrap: balance }
h2, caption { font-size: 1.05rem; font-weight: 600; text-align: start; margin: 0; padding: 0 0 .4rem }
bdi { overflow-wrap: anywhere }
time, .word { white-space: nowrap }
.note { background: var(--note); border-radius: .3rem; padding: .5rem .75rem; margin: .5rem 0 }
.wide, section { margin-top: 2rem; overflow-x: auto }
.wide:focus-visible { outline: 2px solid var(--faint); outline-offset: 4px }
.balance { font-variant-numeric: tabular-nums }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .35rem .6rem; text-align: start; vertical-align: baseline }
th:first-child, td:first-child { padding-inline-start: 0 }
thead th { color: var(--faint); font-size: .8rem; font-weight: 600; white-space: nowrap; border-bottom: 2px solid var(--line) }
tbody th { font-weight: 600; min-width: 9rem }
tbody tr { border-top: 1px solid var(--line) }
tbody td { overflow-wrap: break-word }
.number { text-align: end; white-space: nowrap }
.why { border-top: 0 }
.why td { color: var(--faint); padding-top: 0; padding-bottom: .7rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 2.5rem 0 0; color: var(--faint); font-size: .85rem }
dd { margin: 0 }
@media print {
  @page { margin: 14mm 12mm }
  :root { color-scheme: light; --ink: #000; --faint: #444; --line: #aaa; --paper: #fff; --note: #fff }
  body { font-size: 8.5pt }
  main { max-width: none; padding: 0 }
  .note { border: 1px solid var(--line) }
  .wide { overflow: visible }
  thead { display: table-header-group }
  th, td { padding: .2rem .35rem }
  tbody th { min-width: 0 }
  .line, tr { break-inside: avoid }
  caption, h2 { break-after: avoid }
}
"""
