// The editor of a community's grids: the browser draws, the server does the geometry and looks it through.
import { startDividing } from "../map/dividing.js";

document.querySelectorAll("[data-plot]").forEach(startDividing);
