// A hall screen turns by itself, without anybody at the keyboard: panels in their place, and one screen after another.

/** Of the panels of one place one is shown at a time; the pointer or the focus on it holds it. */
function turnPanels(place) {
  const panels = [...place.children];
  if (panels.length < 2) return;
  let shown = 0;
  const show = () => panels.forEach((panel, n) => (panel.hidden = n !== shown));
  show();
  setInterval(() => {
    if (place.matches(":hover, :focus-within")) return;
    shown = (shown + 1) % panels.length;
    show();
  }, (Number(place.dataset.turn) || 20) * 1000);
}

/** The next screen is asked for before one goes there: a wall without a line stays where it is. */
function turnScreens() {
  const { next, after } = document.body.dataset;
  if (!next) return;
  setInterval(async () => {
    try {
      const answer = await fetch(next, { method: "HEAD", credentials: "same-origin", redirect: "manual" });
      if (answer.ok) location.replace(next);
    } catch {
      // Next time.
    }
  }, (Number(after) || 60) * 1000);
}

export function startTurning() {
  document.querySelectorAll("[data-turn]").forEach(turnPanels);
  turnScreens();
}
