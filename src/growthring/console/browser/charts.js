// Draws the charts of a page: specifications lie in the page as data, colours come from its stylesheet, expressions are interpreted.
import {View, Warn, loader, parse} from "vega";
import {expressionInterpreter} from "vega-interpreter";
import {compile} from "vega-lite";
import {Handler} from "vega-tooltip";

const drawn = new Map();

function painted(spec, style) {
  if (Array.isArray(spec)) return spec.map((each) => painted(each, style));
  if (spec && typeof spec === "object")
    return Object.fromEntries(Object.entries(spec).map(([name, value]) => [name, name === "values" ? value : painted(value, style)]));
  if (typeof spec === "string" && spec.startsWith("token:")) return style.getPropertyValue("--" + spec.slice(6)).trim() || spec;
  return spec;
}

// A chart leads only to pages of this console.
const local = loader({target: "_self"});
const sanitized = local.sanitize.bind(local);
local.sanitize = (uri, options) => {
  const url = new URL(uri, document.baseURI);
  return url.origin === location.origin && options?.context === "href" ? sanitized(uri, options) : Promise.reject(new Error("not of this console"));
};

async function draw(figure) {
  const style = getComputedStyle(document.documentElement);
  const config = JSON.parse(document.getElementById("chart-config").textContent);
  const spec = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  const place = figure.querySelector(".chart");
  const vega = compile(painted(spec, style), {config: painted(config, style)}).spec;
  drawn.get(figure)?.finalize();
  const view = new View(parse(vega, null, {ast: true}), {
    expr: expressionInterpreter,
    loader: local,
    logLevel: Warn,
    renderer: "svg",
    tooltip: new Handler({disableDefaultStyle: true}).call,
    container: place,
    hover: true,
  });
  drawn.set(figure, view);
  await view.runAsync();
  figure.dataset.drawn = "yes";
}

function drawAll(root = document, again = false) {
  for (const [figure, view] of drawn)
    if (!figure.isConnected) {
      view.finalize();
      drawn.delete(figure);
    }
  for (const figure of root.querySelectorAll("figure[data-chart]")) if (again || !drawn.has(figure)) draw(figure);
}

let waiting;
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    for (const view of drawn.values()) view.signal("width", view.container().clientWidth).resize().runAsync();
  }, 150);
});
document.addEventListener("htmx:after:settle", () => drawAll());
document.addEventListener("growthring:mode", () => drawAll(document, true));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(document, true));
drawAll();
