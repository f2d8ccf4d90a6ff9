// The accessibility engine that the browser tests run; no page of the console loads it.
import axe from "axe-core";

window.axe = axe;
