// The large view (长辈版): one press, remembered for a year.
import { say } from "./words.js";
const YEAR = 365 * 24 * 3600;

export function startView() {
  document.querySelectorAll("[data-elder]").forEach((button) => {
    const show = (elder) => {
      document.documentElement.classList.toggle("elder", elder);
      button.setAttribute("aria-pressed", String(elder));
      button.querySelector("span").textContent = elder ? say`标准` : say`大字`;
    };
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const elder = !document.documentElement.classList.contains("elder");
      document.cookie = `elder=${elder ? 1 : 0}; path=/; max-age=${YEAR}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
      show(elder);
    });
    // A page kept for use without a line may be older than the choice.
    if (/(?:^|; )elder=/.test(document.cookie)) show(/(?:^|; )elder=1/.test(document.cookie));
  });
}
