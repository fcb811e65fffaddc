#include <tools/plot/chart.hpp>

namespace polis::tools::plot {

namespace {

// Colours that people with any kind of colour vision tell apart, and that differ in brightness for
// a printer without colours.
constexpr std::string_view kStyle = R"css(:root {
  --paper: #ffffff; --ink: #1c2330; --muted: #5b6472; --grid: #e4e7ec; --event: #a3243b;
  --c0: #1f5fa8; --c1: #cf6a13; --c2: #2b7d56; --c3: #7d4e9e; --c4: #a68a12; --c5: #75808f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161d; --ink: #e4e8ee; --muted: #9aa4b2; --grid: #2a313c; --event: #f0788c;
    --c0: #6ba8ec; --c1: #f2a04e; --c2: #5fc094; --c3: #c096e0; --c4: #d9c04a; --c5: #98a3b3;
  }
}
@media print {
  :root {
    --paper: #ffffff; --ink: #000000; --muted: #444444; --grid: #dddddd; --event: #a3243b;
    --c0: #1f5fa8; --c1: #cf6a13; --c2: #2b7d56; --c3: #7d4e9e; --c4: #a68a12; --c5: #75808f;
  }
}
svg.chart { display: block; max-width: 100%; height: auto; overflow: visible; }
svg.chart text { font: 11.5px system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  fill: var(--muted); font-variant-numeric: tabular-nums; }
svg.chart .grid { stroke: var(--grid); stroke-width: 1; }
svg.chart .axis { stroke: var(--muted); stroke-width: 1; }
svg.chart .event { stroke: var(--event); stroke-width: 1.2; stroke-dasharray: 4 3; }
svg.chart .told text { fill: var(--event); stroke: var(--paper); stroke-width: 3px;
  paint-order: stroke; }
svg.chart [class^="line"] { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
svg.chart .dashed { stroke-dasharray: 5 4; stroke-width: 1.3; }
svg.chart .thin { stroke: var(--c0); stroke-width: 1; opacity: 0.75; }
svg.chart .thick { stroke: var(--c0); stroke-width: 5; opacity: 0.45; }
svg.chart .band { fill: transparent; }
svg.chart .band:hover { fill: var(--ink); fill-opacity: 0.07; }
svg.chart .line0 { stroke: var(--c0); } svg.chart .fill0 { fill: var(--c0); }
svg.chart .line1 { stroke: var(--c1); } svg.chart .fill1 { fill: var(--c1); }
svg.chart .line2 { stroke: var(--c2); } svg.chart .fill2 { fill: var(--c2); }
svg.chart .line3 { stroke: var(--c3); } svg.chart .fill3 { fill: var(--c3); }
svg.chart .line4 { stroke: var(--c4); } svg.chart .fill4 { fill: var(--c4); }
svg.chart .line5 { stroke: var(--c5); } svg.chart .fill5 { fill: var(--c5); }
#tip { position: fixed; display: none; pointer-events: none; white-space: pre;
  background: var(--ink); color: var(--paper); padding: 5px 9px; border-radius: 4px;
  font: 12px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
)css";

// Titles are shown by browsers on their own, but late and one at a time: the script shows them at
// once, and takes them away so that they do not appear twice.
constexpr std::string_view kScript = R"js("use strict";
(() => {
  const tip = document.createElement("div");
  tip.id = "tip";
  document.body.append(tip);
  for (const title of document.querySelectorAll("svg.chart title")) {
    const place = title.parentElement;
    const text = title.textContent;
    title.remove();
    place.addEventListener("pointermove", (event) => {
      tip.textContent = text;
      tip.style.display = "block";
      const x = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
      const y = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8);
      tip.style.left = `${Math.max(x, 4)}px`;
      tip.style.top = `${Math.max(y, 4)}px`;
    });
    place.addEventListener("pointerleave", () => { tip.style.display = "none"; });
  }
})();
)js";

}  // namespace

std::string_view chart_style() { return kStyle; }

std::string_view chart_script() { return kScript; }

}  // namespace polis::tools::plot
