// A form's geometry drawn on a map: one point, line or area, snapping to its neighbours. The text below stays the truth.
import { startShape } from "../map/shape.js";

document.querySelectorAll("[data-shape]").forEach(startShape);
