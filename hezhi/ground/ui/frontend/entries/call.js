// The page of a call by voice and video.
import { startCall } from "../call/page.js";

document.querySelectorAll("[data-call]").forEach(startCall);
