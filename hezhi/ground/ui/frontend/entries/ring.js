// Incoming calls on an officer's phone, whose pages carry no other live news.
import { startRinging } from "../desk/ringing.js";

startRinging();
