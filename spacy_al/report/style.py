"""The style sheet of the HTML page: light, dark and print, system fonts only."""

CSS = """
:root {
  color-scheme: light dark;
  --paper: #fdfdfb; --ink: #1b1c1e; --soft: #5b6067; --rule: #d6d7d3; --wash: #f2f2ee; --link: #0b5c94;
  --blue: #0072b2; --orange: #e69f00; --sky: #56b4e9;
    --green: #009e73; --vermilion: #d55e00; --purple: #cc79a7;
  --shade: 213, 94, 0;
  --serif: Charter, "Bitstream Charter", "Sitka Text", Cambria, "Noto Serif", "DejaVu Serif", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #17191c; --ink: #e7e6e2; --soft: #a3a7ad; --rule: #3b3f45; --wash: #212429; --link: #7cc0ee;
    --blue: #4ea3dc; --orange: #f0b429; --sky: #8fd0f7;
    --green: #2fc39a; --vermilion: #f0803c; --purple: #e09cc3;
    --shade: 240, 128, 60;
  }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --ink: #000; --soft: #444; --rule: #ccc; --wash: #f4f4f4; --link: #000;
    --blue: #0072b2; --orange: #e69f00; --sky: #56b4e9;
    --green: #009e73; --vermilion: #d55e00; --purple: #cc79a7;
    --shade: 213, 94, 0;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.55 var(--serif); }
main, header { max-width: 62rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 3rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .4rem; font-weight: 600; text-wrap: balance; }
header p { color: var(--soft); margin: 0 0 1.2rem; }
nav { font: 14px/1.7 var(--sans); border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); }
nav a { margin-right: 1.3em; white-space: nowrap; }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: .15em; }
section { margin: 2.6rem 0; }
h2 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 .8rem; font-weight: 600; }
p, ul { max-width: 42rem; margin: 0 0 1rem; }
ul { padding-left: 1.2em; } li { margin: .3rem 0; }
code { font: .86em/1 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  background: var(--wash); padding: .1em .3em; border-radius: 3px; overflow-wrap: anywhere; }
@media (min-width: 50rem) { li code { white-space: nowrap; } }
figure { margin: 1.6rem 0 2rem; }
figure svg { max-width: 100%; height: auto; display: block; stroke-linejoin: round; stroke-linecap: butt; }
figcaption, caption { font: 600 14px/1.45 var(--sans); text-align: left; padding: 0 0 .5rem;
  caption-side: top; }
figcaption { padding: .6rem 0 0; }
.note { font: 13px/1.5 var(--sans); color: var(--soft); max-width: 46rem; margin: .5rem 0 0; }
.scroll { overflow-x: auto; margin: 1.6rem 0 2rem; }
table { border-collapse: collapse; font: 14px/1.4 var(--sans);
  font-variant-numeric: tabular-nums lining-nums; }
caption { white-space: nowrap; }
thead th { border-top: 1.5px solid var(--ink); border-bottom: 1px solid var(--ink); font-weight: 600;
  vertical-align: bottom; white-space: normal; }
th, td { padding: .34rem .7rem .34rem 0; text-align: right; vertical-align: top; white-space: nowrap; }
th.w, td.w { text-align: left; }
td.long { white-space: normal; min-width: 11rem; max-width: 19rem; }
tbody tr:last-child td { border-bottom: 1.5px solid var(--ink); }
tbody tr.break td { border-top: 1px solid var(--rule); }
td b { font-weight: 700; }
td small { display: block; color: var(--soft); font-size: 12px; line-height: 1.3; }
.example { border-left: 3px solid var(--rule); padding: .1rem 0 .1rem .9rem; margin: .8rem 0;
  max-width: 46rem; }
.example p { margin: 0; line-height: 1.75; overflow-wrap: anywhere; }
.example mark { color: inherit; border-radius: 3px; padding: .08em .1em;
  background: rgba(var(--shade), calc(var(--u) * .62)); box-shadow: 0 2px 0 rgba(var(--shade), var(--u)); }
.example small { color: var(--soft); font: 12.5px/1.5 var(--sans); }
footer { max-width: 62rem; margin: 0 auto; padding: 1rem 1.5rem 3rem; color: var(--soft);
  font: 13px/1.5 var(--sans); }
@media (max-width: 40rem) { caption { white-space: normal; } }
@media print {
  body { font-size: 10.5pt; } nav { display: none; } main, header, footer { max-width: none; padding: 0; }
  figure, tr, .example { break-inside: avoid; } h2, caption { break-after: avoid; }
  .note, tbody tr:first-child { break-before: avoid; }
  figure svg { width: auto; max-width: 100%; max-height: 200mm; }
  .scroll { overflow: visible; } table { font-size: 8.5pt; } th, td { padding-right: .5rem; }
  .example mark { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  thead { display: table-header-group; }
}
@page { margin: 18mm 16mm; }
"""
