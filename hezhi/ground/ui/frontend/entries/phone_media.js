// Loaded only when somebody records, chooses or sends sound and video: nobody else pays for it.
export { startMedia } from "../phone/recorder.js";
export { putMedia } from "../phone/uploading.js";
