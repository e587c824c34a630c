// Maps to look at, and to pick a place on.
import { startMap } from "../map/start.js";

document.querySelectorAll("[data-map]").forEach(startMap);
// A map that htmx or a dialog brings later.
document.addEventListener("htmx:load", (event) => {
  event.target.querySelectorAll?.("[data-map]").forEach(startMap);
});
