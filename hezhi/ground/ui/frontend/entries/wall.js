// The hall screen: a stream of rows and figures, a clock, and the truth about a cut line. Maps come by map.js.
import { startWall } from "../wall/stream.js";
import { startTurning } from "../wall/turning.js";

startWall();
startTurning();
