"""The style of a report: dark and light, phone and desktop, screen and paper."""

__all__ = ["STYLE"]

STYLE = """
:root{color-scheme:light dark;
--paper:#fff;--panel:#f6f8fa;--ink:#1f2328;--muted:#59636e;--edge:#d1d9e0;--grid:#e4e7eb;
--train:#6e7781;--val:#0969da;--right:#62aaff;--wrong:#ff8e86;--bad:#b3202c;--bar:#54a0f5}
@media (prefers-color-scheme:dark){:root{
--paper:#0d1117;--panel:#161b22;--ink:#e6edf3;--muted:#9da7b3;--edge:#3d444d;--grid:#262c35;
--train:#9aa4af;--val:#58a6ff;--right:#1a5fc4;--wrong:#b3302e;--bad:#ff8a80;--bar:#2f6fcb}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
header,main{max-width:1120px;margin:0 auto;padding:0 20px}
header{padding-top:28px}
h1{font-size:1.7rem;line-height:1.25;margin:0;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:0 0 12px}
h3{font-size:1rem;margin:0 0 8px}
section{margin:36px 0;padding-top:20px;border-top:1px solid var(--edge)}
p{margin:0 0 12px}
.kicker,.status{margin:0;color:var(--muted)}
.kicker{font-size:.85rem}
li,td,th,figcaption{overflow-wrap:anywhere}
ul{margin:0 0 12px;padding-left:1.2em}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;
margin:20px 0 0}
.tiles div{background:var(--panel);border:1px solid var(--edge);border-radius:8px;
padding:10px 14px}
.tiles dt{font-size:.85rem;color:var(--muted)}
.tiles dd{margin:0;font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:20px}
figure{margin:0}
.chart{max-width:520px}
.chart figcaption{display:flex;flex-wrap:wrap;gap:2px 12px;align-items:baseline;
justify-content:space-between}
.chart h3{margin:0}
.legend{font-size:.85rem;color:var(--muted)}
.key::before{content:"";display:inline-block;width:14px;height:4px;border-radius:2px;
margin:0 5px 3px 6px;background:var(--c)}
.key.train{--c:var(--train)}.key.val{--c:var(--val)}
.key.right{--c:var(--right)}.key.wrong{--c:var(--wrong)}
.key.right::before,.key.wrong::before{height:12px;margin-bottom:-1px}
svg{display:block;max-width:100%;height:auto}
.matrix svg{max-width:none}
svg text{font-family:inherit;font-size:12px}
.axis{fill:var(--muted)}
.label{fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:4px}
.grid{stroke:var(--grid)}.frame{fill:none;stroke:var(--edge)}
.line{fill:none;stroke-width:2.5;stroke-linejoin:round}
.line.train{stroke:var(--train)}.line.val{stroke:var(--val)}
.dot.train{fill:var(--train)}.dot.val{fill:var(--val)}
.mark{fill:none;stroke:var(--ink);stroke-width:1.5}
.area{fill:var(--bar)}
.box{overflow:auto;max-width:100%;max-height:80vh;margin:0 0 16px;border:1px solid var(--edge);
border-radius:8px}
.confusion-box,.pairs-box{width:fit-content}
.box:focus-visible,pre:focus-visible{outline:2px solid var(--val);outline-offset:2px}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;width:100%}
th,td{padding:6px 12px;text-align:right;vertical-align:top;border-bottom:1px solid var(--grid)}
tbody tr:last-child>*{border-bottom:0}
th:first-child,.names td,.facts td,.files td:last-child{text-align:left}
.pairs td:nth-child(2),.pairs th:nth-child(2),.sizes td:last-child,.sizes th:last-child,
.files th:last-child,.names th{text-align:left}
tbody th{font-weight:500;min-width:5em;max-width:26em;overflow-wrap:break-word}
thead th{position:sticky;top:0;background:var(--panel);color:var(--muted);font-weight:500;
white-space:nowrap;overflow-wrap:normal;z-index:1}
td{white-space:nowrap}
.names td,.facts td,.pairs td:nth-child(2){white-space:normal;min-width:9em}
.pairs td:nth-child(2){min-width:5em;max-width:26em}
.bar{display:block;height:5px;min-width:70px;margin-top:3px;border-radius:3px;
background:linear-gradient(var(--bar) 0 0) 0/var(--w) 100% no-repeat var(--grid)}
.sizes .bar{height:10px;min-width:120px;margin-top:7px}
.sizes td:last-child{width:40%}
.facts tbody th{color:var(--muted);width:9em}
.digest{font-size:.8rem}
.confusion{width:auto}
.confusion td,.confusion th{border:1px solid var(--grid);padding:4px 6px}
.confusion td{text-align:center;vertical-align:middle;min-width:38px;height:34px;
background:color-mix(in srgb,var(--c,transparent) calc(var(--s,0)*100%),transparent)}
.confusion td.right{--c:var(--right)}.confusion td.wrong{--c:var(--wrong)}
.confusion tbody th{position:sticky;left:0;background:var(--panel);white-space:nowrap;
min-width:0;max-width:11em;overflow:hidden;text-overflow:ellipsis;overflow-wrap:normal;
text-align:right;vertical-align:middle}
.confusion thead th{vertical-align:bottom;text-align:center}
.confusion thead th span{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left;
max-height:12em;overflow:hidden}
.confusion .corner{color:var(--muted);font-size:.8rem;vertical-align:bottom;
background:var(--panel);min-width:0}
.matrix{padding:8px}
.sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(144px,1fr));gap:20px 14px}
.sheet figure{break-inside:avoid;min-width:0}
.shot{height:146px;display:grid;place-items:center;margin-bottom:6px;padding:1px;
border-radius:6px;background:var(--panel);color:var(--muted);font-size:.85rem}
.shot img{max-width:100%;height:auto}
.sheet figcaption span{display:block;font-size:.85rem;line-height:1.35}
.sheet .guess{color:var(--bad);font-weight:600}
.sheet .file{color:var(--muted)}
pre{margin:0 0 14px;padding:10px 14px;overflow-x:auto;background:var(--panel);
border:1px solid var(--edge);border-radius:8px;font:.88rem/1.5 ui-monospace,Menlo,Consolas,
"DejaVu Sans Mono",monospace}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));
gap:8px 20px;align-items:start}
.columns>div{min-width:0}
@media (max-width:480px){header,main{padding-left:14px;padding-right:14px}
th,td{padding:5px 8px}h1{font-size:1.4rem}tbody th{max-width:11em}
.sheet{grid-template-columns:repeat(2,minmax(0,1fr))}
.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}
.confusion tbody th{max-width:6.5em}}
@media print{:root{--paper:#fff;--panel:#fff;--ink:#000;--muted:#444;--edge:#bbb;--grid:#ddd;
--train:#777;--val:#0550ae;--right:#62aaff;--wrong:#ff8e86;--bad:#a40e26;--bar:#54a0f5}
.box{overflow:visible;max-height:none;border:0}.matrix svg{max-width:100%}
section{break-inside:auto}
h2,h3{break-after:avoid}thead th,.confusion tbody th{position:static}
pre{white-space:pre-wrap}.bar,.confusion td,.key::before{print-color-adjust:exact;
-webkit-print-color-adjust:exact}}
"""
