// Makes pages smoother: fragments instead of whole pages, evidence in a dialog, light and dark, keys. Everything works without it.
import htmx from "htmx.org";

window.htmx = htmx;

const root = document.documentElement;
const chosen = localStorage.getItem("mode");
if (chosen) root.dataset.mode = chosen;

function isDark() {
  return root.dataset.mode ? root.dataset.mode === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-does]");
  if (!target) return;
  if (target.dataset.does === "mode") {
    root.dataset.mode = isDark() ? "light" : "dark";
    localStorage.setItem("mode", root.dataset.mode);
    document.dispatchEvent(new Event("growthring:mode"));
  } else if (target.dataset.does === "print") {
    print();
  } else if (target.dataset.does === "close") {
    target.closest("dialog").close();
  }
});

// A choice acts at once; without this script its form has a button.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-at-once]");
  if (form) form.requestSubmit();
});

// Evidence opens beside the page; its link still leads to a page of its own.
document.addEventListener("htmx:after:swap", (event) => {
  const dialog = document.getElementById("evidence");
  const target = event.detail?.ctx?.target ?? event.target;
  if (dialog && target?.id === "evidence-body" && !dialog.open) dialog.showModal();
});

const pages = {h: "home", r: "revenue", a: "account", p: "pricing", f: "forecast", d: "data", m: "definitions"};
let leading = false;
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("find")?.focus();
  } else if (leading && pages[event.key]) {
    document.querySelector(`nav a[data-page="${pages[event.key]}"]`)?.click();
  }
  leading = event.key === "g";
});
