// The hall screen: a stream of rows and figures, a clock, and the truth about a cut line.
import { startMap } from "../map/start.js";
import { startWall } from "../wall/stream.js";

document.querySelectorAll("[data-map]").forEach(startMap);
startWall();
