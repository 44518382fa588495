/** The look of a report page; colours follow the reader's light or dark setting. */
export const pageStyle: string = `
:root{color-scheme:light dark;--ground:light-dark(#fbfaf8,#16181b);--card:light-dark(#fff,#1e2125);--ink:light-dark(#1d2024,#e8e6e1);--soft:light-dark(#5c6068,#a3a6ad);--line:light-dark(#e1ded8,#33373d);--high:light-dark(#b3261e,#ff8a80);--medium:light-dark(#8a5a00,#ffc46b);--low:light-dark(#2b5f8a,#8cc4f0);--good:light-dark(#1f6b3a,#7fd6a0)}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:62rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.5rem;line-height:1.3;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.5rem 0 .75rem}
h3{font-size:1rem;margin:0 0 .25rem;overflow-wrap:anywhere}
code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
.lead,.note,.kind{color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(7rem,1fr));gap:.75rem;margin:1.5rem 0}
.tiles div,article{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1rem}
.tiles dt{color:var(--soft);font-size:.85rem}
.tiles dd{margin:0;font-size:1.5rem;font-variant-numeric:tabular-nums}
article{margin:0 0 1rem}
.finding{border-left:.3rem solid var(--low)}
.finding.medium{border-left-color:var(--medium)}
.finding.high{border-left-color:var(--high)}
.kind{margin:.1rem 0 .75rem;font-size:.9rem}
.severity{font-weight:600;color:var(--low)}
.medium .severity{color:var(--medium)}
.high .severity{color:var(--high)}
.good{color:var(--good);font-weight:600}
table{border-collapse:collapse;width:100%;font-size:.95rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0}
tbody tr+tr td{border-top:1px solid var(--line)}
.finding table{table-layout:fixed}
.finding th{width:5rem;color:var(--soft);font-weight:500}
ul{margin:0;padding-left:1.1rem}
caption{text-align:left;color:var(--soft);padding:.75rem 0 .25rem}
.reasons{width:auto}
.figure{text-align:right;font-variant-numeric:tabular-nums}
.bar{height:.4rem;border-radius:.2rem;background:var(--line);overflow:hidden}
.bar span{display:block;height:100%;background:var(--good)}
.scroll{overflow-x:auto}
.cost{color:var(--ink);font-weight:600;margin-left:.5rem}
.remedy{display:flex;gap:1rem;align-items:flex-start;justify-content:space-between;background:var(--ground);border:1px solid var(--line);border-radius:.4rem;padding:.6rem .75rem;margin:0 0 .6rem}
.remedy p{margin:0}
button{font:inherit;font-size:.85rem;color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:.3rem;padding:.15rem .6rem;cursor:pointer;flex:none}
button:hover,button:focus-visible{border-color:var(--low)}
pre{margin:.4rem 0 0;font:.85em/1.5 ui-monospace,monospace;overflow-x:auto}
pre span{display:block;padding:0 .4rem;white-space:pre}
pre i{color:var(--soft);font-style:normal;display:inline-block;width:3.2em;user-select:none}
pre .beside{color:var(--soft)}
pre .meant{background:light-dark(#fff3d6,#3a3118)}
figure{margin:0 0 1.25rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1rem}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font:12px system-ui,sans-serif}
svg .count{fill:var(--ink)}
.area{fill:light-dark(#cfe0ef,#27435c)}
.opened{fill:var(--medium)}
.requests{fill:var(--low)}
.failed{fill:var(--high)}
.axis{fill:none;stroke:var(--line)}
figcaption{color:var(--soft);font-size:.85rem;margin-top:.4rem}
.key{display:inline-block;width:.8em;height:.8em;margin:0 .2em 0 .8em;border-radius:.15em}
.key.area{background:light-dark(#cfe0ef,#27435c)}.key.opened{background:var(--medium)}.key.requests{background:var(--low)}.key.failed{background:var(--high)}
`;
