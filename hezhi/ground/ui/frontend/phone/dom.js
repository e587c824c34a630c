// Small makings of the phone's script: an element, a button, a moment.
export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

export function button(name, act, look = "btn") {
  const one = make("button", { type: "button", class: look }, name);
  one.addEventListener("click", act);
  return one;
}

const two = (number) => String(number).padStart(2, "0");
export function clock(text) {
  const at = new Date(text);
  return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A line of its own beside an element: what went wrong with it; "" takes it away. */
export function beside(element) {
  let line = null;
  return (text) => {
    line?.remove();
    line = text ? make("p", { class: "field-error", role: "alert" }, text) : null;
    if (!line) return;
    element.after(line);
    line.scrollIntoView({ block: "nearest" });
  };
}
