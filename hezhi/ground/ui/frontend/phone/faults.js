// Faults stand beside what they speak of: a line under the field, the field marked, the writer led to the first one.
import { make } from "./dom.js";

/** What the server calls a field, where the form calls it otherwise. */
const OURS = { place: "address", lon: "address", lng: "address", lat: "address", crs: "address", title: "text", media: "photos" };

export function startFaults(form) {
  const marks = new Map(); // name of the field → {at, line, own}

  /** The field, and what is marked for it: of a choice the whole group. */
  function find(name) {
    const found = form.elements.namedItem(name);
    const field = found instanceof RadioNodeList ? found[0] : found;
    if (!field || field.type === "hidden") return null;
    return { field, at: field.closest("[role=radiogroup]") || field, after: field.closest("[role=radiogroup], .photos, .check") || field };
  }

  function drop(name) {
    const mark = marks.get(name);
    if (!mark) return;
    mark.line.remove();
    for (const attribute of ["aria-invalid", "aria-describedby"]) mark.at.removeAttribute(attribute);
    marks.delete(name);
  }

  const clear = () => [...marks.keys()].forEach(drop);

  /** Mark what is wrong ({name: sentence or sentences}); gives the sentences that belong to no field of this form. */
  function show(faults, own) {
    clear();
    const left = [];
    for (const [theirs, told] of Object.entries(faults)) {
      const name = OURS[theirs] || theirs;
      const place = find(name);
      const text = [told].flat().join(" ");
      if (!place || marks.has(name)) {
        left.push(text);
        continue;
      }
      const line = make("p", { class: "field-error", id: `wrong-${name}` }, text);
      place.after.after(line);
      place.at.setAttribute("aria-invalid", "true");
      place.at.setAttribute("aria-describedby", line.id);
      marks.set(name, { ...place, line, own });
    }
    const first = [...form.elements].find((field) => marks.has(field.name) && field.type !== "hidden");
    first?.focus({ preventScroll: true });
    if (first) marks.get(first.name).line.scrollIntoView({ block: "center" });
    return left;
  }

  /** Something was written: its own mark goes, and whatever the phone itself now finds in order. */
  function renew(touched, faults) {
    drop(touched);
    for (const [name, mark] of [...marks]) if (mark.own && !(name in faults)) drop(name);
  }

  return { show, renew, clear };
}
